"""A log in memory whose review topic a book follows, as the gateway's follower does."""

from __future__ import annotations

from collections.abc import Sequence

from consentlog.kafka.partition import partition_of
from consentlog.kafka.topics import PARTITIONS, REVIEWS
from consentlog.ports import Delivered, NewRecord, Record
from consentlog.testing.event_log import MemoryEventLog
from consentlog.wire.reviews import ReviewEvent, encode_review
from producers.reviews.book import ReviewBook


class FollowedLog(MemoryEventLog):
    """Events by number, reviews in one partition; the book is complete from the start."""

    def __init__(self) -> None:
        super().__init__(lambda key: partition_of(key, PARTITIONS) if key[:1] == b"+" else 0)
        self.book = ReviewBook()
        self.book.reached_end()
        self.follows = True
        """Clear it, and what is appended reaches the book only by `follow`."""

    async def append_all(
        self, topic: str, records: Sequence[NewRecord], within_s: float | None = None
    ) -> list[Delivered]:
        """Append, and let the book see it."""
        delivered = await super().append_all(topic, records, within_s)
        if self.follows:
            self.follow()
        return delivered

    def follow(self) -> None:
        """File what the book has not filed yet."""
        for record in self.records(REVIEWS.name)[self.book.next_offset :]:
            self.book.apply(record)


def record_of(event: ReviewEvent, offset: int, append_ms: int = 0) -> Record:
    """A review event as it lies in the log."""
    key = event.review_id.hex().encode()
    return Record(REVIEWS.name, 0, offset, append_ms, key, encode_review(event))
