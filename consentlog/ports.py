"""What the services ask of the outside, as protocols.

And the plain records that cross those borders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Record(NamedTuple):
    """One record of a topic, as the log holds it.

    `append_ms` is the broker's append time (LogAppendTime), ms UTC. `key` and `value` are the
    original bytes.
    """

    topic: str
    partition: int
    offset: int
    append_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class NewRecord(NamedTuple):
    """One record that is to be appended: `key` decides the partition, `value` is framed bytes."""

    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


class Position(NamedTuple):
    """Where a record was appended.

    The text form `<partition>:<offset>` is the consistency token.
    """

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"


class Delivered(NamedTuple):
    """What became of something that was handed to the log.

    `position` is known once the broker acknowledged it. `spooled` = it is on this machine's disk
    and will reach the log, nobody knows yet at which position. Neither = there was nothing to
    deliver.
    """

    position: Position | None = None
    spooled: bool = False


class EventLog(Protocol):
    """The log as the gateway sees it: what was handed over once is never lost."""

    async def append(
        self, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
    ) -> Delivered:
        """Append one record.

        Args:
            topic: Without prefix.
            key: Decides the partition.
            value: Framed bytes.
            headers: In order.

        Returns:
            Its position after the broker acknowledged it (acks=all); or that it is spooled, if the
            broker did not do so in time.

        Raises:
            TransientError: A code with status 503 if the record is not durable anywhere; it may be
                in the log all the same.
        """
        ...

    async def append_all(
        self, topic: str, records: Sequence[NewRecord], within_s: float | None = None
    ) -> list[Delivered]:
        """Append records together: durable all of them, or an error for all.

        Records of one key keep their order.

        Args:
            topic: Without prefix.
            records: Any number.
            within_s: How long to wait for the broker's acknowledgement of all before those without
                are told to be spooled; None = as long as `append` does.

        Returns:
            What became of each, in the order of `records`.

        Raises:
            TransientError: A code with status 503 if they are not all durable; any of them may be
                in the log all the same.
        """
        ...


class Clock(Protocol):
    """Time, so that tests own it."""

    def now_ms(self) -> int:
        """Return the current instant, ms UTC."""
        ...
