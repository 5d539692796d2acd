"""Notices a log that lost its end, or holds other records than those already in the history.

A single node without replicas reuses offsets after a power loss; to go on would put two different
records under one offset.
"""

from __future__ import annotations

from consentlog.errors import FatalError
from consentlog.ports import Record
from sinks.ports import History, Log
from sinks.rows import LEAF_INDEX, row_of


def check_truncation(log: Log, history: History, partition: int, next_offset: int) -> None:
    """Compare the log with what the history holds of it.

    Args:
        log: The events log.
        history: The history table.
        partition: Partition to check.
        next_offset: Where the sink wants to go on.

    Raises:
        FatalError: `CL-4101` if the log ends before `next_offset` or its record under the last row
            differs; `CL-4104` if it starts after `next_offset`.
        TransientError: If log or table do not answer.
    """
    low, high = log.ends(partition)
    if next_offset > high:
        raise FatalError("CL-4101", partition=partition, offset=next_offset, end=high)
    if next_offset < low:
        raise FatalError("CL-4104", partition=partition, offset=next_offset, start=low)
    newest = history.newest(partition)
    # A log that gave up its beginning on purpose cannot be compared there.
    if newest is None or newest[0] < low:
        return
    offset, leaf = newest
    found = log.read(partition, offset, offset)
    if [_leaf(record) for record in found] != [leaf]:
        raise FatalError("CL-4101", partition=partition, offset=offset, end=high)


def _leaf(record: Record) -> bytes:
    return bytes(row_of(record)[LEAF_INDEX])
