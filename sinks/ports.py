"""What the sink's logic asks of the group, the log and the table, as protocols.

Tests put memory behind them and crash between any two calls.
"""

from __future__ import annotations

from typing import Protocol

from consentlog.ports import Record
from sinks.batch import Batch
from sinks.intent import Cover, Intent


class Group(Protocol):
    """The subscribed member: only a live one can commit an intent."""

    def intent(self, partition: int) -> Intent | None:
        """Return the last intent that any owner committed.

        Raises:
            TransientError: `CL-4105` if the group's coordinator does not answer.
        """
        ...

    def commit_intent(self, partition: int, intent: Intent) -> None:
        """Commit an intent; on return it is durable and this process owned the partition.

        Raises:
            TransientError: `CL-4105` if the coordinator does not answer.
            FatalError: `CL-4106` if it refuses: somebody else owns the partition.
        """
        ...


class Log(Protocol):
    """The events log, read without a group."""

    def ends(self, partition: int) -> tuple[int, int]:
        """Return the first offset there and the next one to be written.

        Raises:
            TransientError: `CL-7003` if no broker answers.
        """
        ...

    def read(self, partition: int, first: int, last: int) -> list[Record]:
        """Return the records at offsets `first` to `last`, both included; holes are left out.

        Raises:
            TransientError: `CL-7003` if no broker answers.
        """
        ...


class History(Protocol):
    """The history table."""

    def cover(self, partition: int, intent: Intent | None) -> Cover:
        """Tell what stands in the table around an intent.

        Raises:
            TransientError: `CL-8101`, `CL-8102`.
        """
        ...

    def newest(self, partition: int) -> tuple[int, bytes] | None:
        """Return offset and leaf hash of the partition's last row.

        Raises:
            TransientError: `CL-8101`, `CL-8102`.
        """
        ...

    def insert(self, batch: Batch) -> None:
        """Insert a batch as one block with its token.

        A token that the table remembers makes it drop the block, whether or not it has the rows.

        Raises:
            TransientError: `CL-8101`, `CL-8102`; the block may have been written.
        """
        ...

    def record_hole(self, partition: int, first: int, last: int) -> None:
        """Note that the log holds no record at these offsets, both included; once, if repeated.

        Raises:
            TransientError: `CL-8101`, `CL-8102`.
            FatalError: `CL-4112` if the table takes it and does not have it.
        """
        ...

    def exactness(self, partition: int, first: int, last: int) -> tuple[int, int, int]:
        """Count rows, distinct offsets, and offsets noted as holes in a range, ends included.

        Raises:
            TransientError: `CL-8101`, `CL-8102`.
        """
        ...


class Fence(Protocol):
    """Ends the process if it stood still for too long."""

    def check(self) -> None:
        """Return only if the process ran on without a pause."""
        ...
