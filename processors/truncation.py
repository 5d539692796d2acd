"""Notices that the events log is not the one that was folded.

A single node after a power loss may have forgotten acknowledged records and give their offsets to
others. Progress records carry the offset and the SHA-256 of the last record they cover; both are
compared with the log when a view is loaded and whenever the connection was lost.
"""

from __future__ import annotations

from hashlib import sha256

from consentlog.wire.build import Progress
from processors.endings import LogTruncated
from processors.events_log import EventsLog
from processors.partition import NO_RECORD


def check_reported(log: EventsLog, partition: int, reported: Progress, as_of: int) -> None:
    """Compare what an owner reported with the log.

    Args:
        log: The events log.
        partition: Partition number.
        reported: Its progress.
        as_of: Highest offset that any state record of the partition claims to cover.

    Raises:
        LogTruncated: If the log ends before, begins after, or holds another record there.
    """
    first, end = log.bounds(partition)
    covered = max(reported.folded_through, as_of)
    if covered >= end:
        raise LogTruncated(
            "log_ends_before_position", partition=partition, covered=covered, log_end=end
        )
    if reported.sha256 == NO_RECORD or reported.folded_through < 0:
        return
    if reported.folded_through < first:
        raise LogTruncated(
            "log_begins_after_position", partition=partition, covered=covered, log_begin=first
        )
    if hash_at(log, partition, reported.folded_through) != reported.sha256:
        raise LogTruncated(
            "record_differs", partition=partition, offset=reported.folded_through, log_end=end
        )


def check_end(partition: int, next_offset: int, end: int) -> None:
    """Compare the log's end, just asked for, with what was folded.

    Raises:
        LogTruncated: If the log ends below the next offset to be folded.
    """
    if end < next_offset:
        raise LogTruncated(
            "log_ends_before_position", partition=partition, covered=next_offset - 1, log_end=end
        )


def hash_at(log: EventsLog, partition: int, offset: int) -> bytes:
    """Return the SHA-256 of the value at an offset; zeros where there is no record."""
    message = log.record_at(partition, offset) if offset >= 0 else None
    return NO_RECORD if message is None else hash_of(message.value())


def hash_of(value: bytes | None) -> bytes:
    """Return the SHA-256 of a record's value; that of no bytes for a null value."""
    return sha256(value or b"").digest()
