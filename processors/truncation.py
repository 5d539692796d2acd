"""Notices that the events log is not the one that was folded.

A single node after a power loss may have forgotten acknowledged records and give their offsets to
others. Progress records carry the offset and the SHA-256 of the last record they cover; both are
compared with the log when a view is loaded and whenever the connection was lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from processors.endings import LogTruncated
from processors.events_log import EventsLog
from processors.partition import NO_RECORD


@dataclass(frozen=True, slots=True)
class Reported:
    """What was said of one partition.

    Attributes:
        partition: Its number.
        covered: Highest offset that any record of the state partition claims to cover.
        folded_through: Offset of the record that was hashed.
        sha256: Of that record's value; zeros if there was none.
    """

    partition: int
    covered: int
    folded_through: int
    sha256: bytes


def check_reported(log: EventsLog, said: Iterable[Reported]) -> None:
    """Compare what owners reported with the log.

    Raises:
        LogTruncated: If the log ends before, begins after, or holds another record there.
        KafkaException: If a broker did not answer.
        TransientError: `CL-7003` if a record could not be read in time.
    """
    by_partition = {one.partition: one for one in said}
    begins, ends = log.begins(by_partition), log.ends(by_partition)
    hashed = {}
    for partition, one in by_partition.items():
        check_end(partition, max(one.folded_through, one.covered) + 1, ends[partition])
        if one.sha256 != NO_RECORD and one.folded_through >= 0:
            hashed[partition] = one.folded_through
            if one.folded_through < begins[partition]:
                raise LogTruncated(
                    "log_begins_after_position",
                    partition=partition,
                    covered=one.folded_through,
                    log_begin=begins[partition],
                )
    found = log.records_at(hashed)
    for partition, offset in hashed.items():
        record = found.get(partition)
        if record is None or hash_of(record.value()) != by_partition[partition].sha256:
            raise LogTruncated(
                "record_differs", partition=partition, offset=offset, log_end=ends[partition]
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


def hash_of(value: bytes | None) -> bytes:
    """Return the SHA-256 of a record's value; that of no bytes for a null value."""
    return sha256(value or b"").digest()
