"""What the services ask of the outside, as protocols.

And the plain records that cross those borders.
"""

from __future__ import annotations

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


class Position(NamedTuple):
    """Where a record was appended.

    The text form `<partition>:<offset>` is the consistency token.
    """

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"


class EventLog(Protocol):
    """The log as the gateway sees it."""

    async def append(
        self, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
    ) -> Position:
        """Append one record.

        Returns:
            Its position, after the broker acknowledged it (acks=all).

        Raises:
            TransientError: `CL-7001` if no acknowledgement came in time: the record may be in the
                log.
        """
        ...


class Clock(Protocol):
    """Time, so that tests own it."""

    def now_ms(self) -> int:
        """Return the current instant, ms UTC."""
        ...
