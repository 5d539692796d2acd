"""Checks that a range of the history holds each offset of the log once, as row or as hole."""

from __future__ import annotations

from consentlog.errors import FatalError
from sinks.ports import History


def check_exact(history: History, partition: int, first: int, end: int) -> None:
    """Compare row, offset and hole counts of `[first, end)`.

    Args:
        history: The history table.
        partition: Partition to check.
        first: First offset of the range.
        end: First offset after it; an empty range is exact.

    Raises:
        FatalError: `CL-4109` if a row is missing or doubled.
        TransientError: If the table does not answer.
    """
    if end <= first:
        return
    rows, distinct, holes = history.exactness(partition, first, end - 1)
    if rows != distinct or rows + holes != end - first:
        raise FatalError(
            "CL-4109",
            partition=partition,
            first=first,
            last=end - 1,
            rows=rows,
            distinct=distinct,
            holes=holes,
        )
