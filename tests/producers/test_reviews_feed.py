"""The book's feed on a real broker: everything, the end, what follows; and a log that lost it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from consentlog.errors import FatalError
from consentlog.kafka.producer import build_producer
from consentlog.kafka.topics import REVIEWS
from consentlog.ports import Record
from consentlog.wire.reviews import encode_review
from producers.reviews.feed import KafkaReviewFeed
from tests.producers.test_reviews_book import opened

pytestmark = pytest.mark.integration


def write(bootstrap: str, topic: str, *numbers: int) -> None:
    producer = build_producer(bootstrap, "test")
    for at in numbers:
        event = opened(at)
        producer.produce(topic, encode_review(event), event.review_id.hex())
    assert producer.flush(10) == 0


@contextmanager
def feed_of(bootstrap: str, topic: str, next_offset: int = 0) -> Iterator[KafkaReviewFeed]:
    with closing(KafkaReviewFeed(bootstrap, topic, next_offset)) as feed:
        yield feed


def take(feed: KafkaReviewFeed, count: int) -> list[Record | None]:
    """Wait until so much has arrived."""
    found: list[Record | None] = []
    deadline = time.monotonic() + 10
    while len(found) < count:
        assert time.monotonic() < deadline, found
        found += feed.batch(0.1)
    return found


def offsets(found: list[Record | None]) -> list[int | None]:
    return [None if record is None else record.offset for record in found]


def test_everything_then_the_end_then_what_follows(kafka: str, topics: str) -> None:
    topic = REVIEWS.named(topics)
    write(kafka, topic, 1, 2)
    with feed_of(kafka, topic) as feed:
        assert offsets(take(feed, 3)) == [0, 1, None]
        write(kafka, topic, 3)
        assert offsets(take(feed, 1))[:1] == [2]
    with feed_of(kafka, topic, 2) as again:
        assert offsets(take(again, 2)) == [2, None]


def test_an_empty_topic_has_an_end(kafka: str, topics: str) -> None:
    with feed_of(kafka, REVIEWS.named(topics)) as feed:
        assert take(feed, 1) == [None]


def test_a_log_that_lost_what_comes_next_is_read_anew(kafka: str, topics: str) -> None:
    topic = REVIEWS.named(topics)
    write(kafka, topic, 1)
    with feed_of(kafka, topic, 5) as feed, pytest.raises(FatalError, match="CL-1807"):
        take(feed, 1)


def test_a_topic_that_is_not_there_yet_is_waited_for(kafka: str, topic_prefix: str) -> None:
    with feed_of(kafka, REVIEWS.named(topic_prefix)) as feed:
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            assert not feed.batch(0.1)
