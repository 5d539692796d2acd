"""The follower of a gateway's book, made from its settings."""

from __future__ import annotations

from consentlog.kafka.topics import REVIEWS
from consentlog.ports import Clock
from consentlog.settings import KafkaSettings
from producers.reviews.book import ReviewBook
from producers.reviews.feed import KafkaReviewFeed
from producers.reviews.follower import ReviewFollower
from producers.reviews.watch import ReviewWatch
from producers.settings import ReviewSettings


def follower_of(
    book: ReviewBook, kafka: KafkaSettings, settings: ReviewSettings, clock: Clock
) -> ReviewFollower:
    """Make a follower that keeps a book level, and watches how long cases wait.

    Args:
        book: Nothing is in it yet.
        kafka: Where the review topic is.
        settings: When a case is an alarm.
        clock: Of the gateway.
    """
    topic = REVIEWS.named(kafka.topic_prefix)
    watch = ReviewWatch(book, clock, settings.overdue_ms)
    return ReviewFollower(
        book, lambda offset: KafkaReviewFeed(kafka.bootstrap_servers, topic, offset), watch.tick
    )
