"""What becomes of a record that cannot be folded: its number is held, a person looks.

Nothing is dropped and nothing stops: the record stays at its offset in the log. Ids come from the
bytes, so that a replay names the same hold and the same case.
"""

from __future__ import annotations

from dataclasses import dataclass

from consentlog.domain.events import ConsentEvent, fact_defect
from consentlog.domain.facts import Fact
from consentlog.domain.held import undecodable_hold
from consentlog.domain.ids import id_of_bytes
from consentlog.domain.subject import subject_of_key
from consentlog.errors import CodecError
from consentlog.kafka.partition import partition_of
from consentlog.kafka.topics import PARTITIONS
from consentlog.ports import Record
from consentlog.wire.build import Hole
from consentlog.wire.events import decode_event
from consentlog.wire.reviews import ReviewEvent, ReviewReason

SOURCE = "fold"


@dataclass(frozen=True, slots=True)
class Unsound:
    """A record that cannot be folded; `subject` is None when its key names no number."""

    subject: str | None
    reason: ReviewReason
    detail: str


def judge(partition: int, key: bytes | None, value: bytes | None) -> ConsentEvent | Unsound:
    """Decide whether a record of the events topic can be folded.

    Args:
        partition: Partition in which it lies.
        key: Its key.
        value: Its value.

    Returns:
        The event, or why a person must look.
    """
    subject = subject_of_key(key)
    if subject is None or key is None:
        return Unsound(None, ReviewReason.NO_SUBJECT, "the key is not an E.164 number")
    if partition_of(key, PARTITIONS) != partition:
        return Unsound(subject, ReviewReason.MISPLACED, "the key belongs to another partition")
    try:
        event = decode_event(value)
    except CodecError as exc:
        return Unsound(subject, ReviewReason.UNDECODABLE, exc.what())
    if event.subject != subject:
        return Unsound(subject, ReviewReason.UNDECODABLE, "key and subject differ")
    defect = fact_defect(event.fact)
    if defect is None:
        return event
    return Unsound(subject, ReviewReason.UNDECODABLE, defect)


def hold_of(record: Record) -> Fact:
    """Return the hold over every scope that stands in for a record.

    Args:
        record: The record as it lies in the log; `accepted_at` becomes its append time.
    """
    event_id = id_of_bytes(record.key, record.value)
    return undecodable_hold(event_id, record.append_ms, SOURCE)


def review_of(record: Record, unsound: Unsound) -> ReviewEvent:
    """Return the case that a record opens."""
    return ReviewEvent(
        review_id=id_of_bytes(record.key, record.value),
        reason=unsound.reason,
        opened_at_ms=record.append_ms,
        source=SOURCE,
        subject=unsound.subject,
        topic=record.topic,
        partition=record.partition,
        kafka_offset=record.offset,
        detail=unsound.detail,
        payload=record.value or b"",
        # Without a number there is nothing to hold.
        event_id=None if unsound.subject is None else hold_of(record).event_id,
    )


def review_of_hole(topic: str, partition: int, hole: Hole, at_ms: int) -> ReviewEvent:
    """Return the case that missing offsets open.

    Args:
        topic: Events topic.
        partition: Its partition.
        hole: The offsets, both included.
        at_ms: When the hole was noticed, ms UTC.
    """
    place = f"{topic}/{partition}/{hole.first}-{hole.last}".encode()
    return ReviewEvent(
        review_id=id_of_bytes(place, None),
        reason=ReviewReason.HOLE,
        opened_at_ms=at_ms,
        source=SOURCE,
        topic=topic,
        partition=partition,
        kafka_offset=hole.first,
        detail="the log holds no record at these offsets",
    )
