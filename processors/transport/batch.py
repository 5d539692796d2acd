"""One agent message: contiguous records of one partition, or a hole in its log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from confluent_kafka import Message

from processors.transport.ownership import Ownership


@dataclass(frozen=True, slots=True)
class Batch:
    """What `event.value` is in an agent on this transport.

    Either `records` holds every offset from `first_offset` up to `next_offset`, or `records` is
    empty and the log itself has nothing at any of them. Batches of one partition come in log order,
    holes among them, so that whoever records a hole knows what was folded before it.

    The records are librdkafka's own messages: reading `key()`, `value()`, `offset()`, `timestamp()`
    costs a tenth of what a copy of each would; the agent is the adapter where they stop.
    """

    ownership: Ownership
    first_offset: int
    next_offset: int
    records: Sequence[Message] = ()

    @property
    def partition(self) -> int:
        """The partition number."""
        return self.ownership.partition

    @property
    def hole(self) -> tuple[int, int] | None:
        """First and last missing offset, both included, or None for a batch of records."""
        return None if self.records else (self.first_offset, self.next_offset - 1)


@dataclass(frozen=True, slots=True)
class Run:
    """A contiguous stretch of a fetch, `records[begin:end]`; empty if its offsets were absent."""

    first_offset: int
    next_offset: int
    begin: int
    end: int


def runs(offsets: Sequence[int], expected: int) -> Iterator[Run]:
    """Split one partition's fetch where it is not contiguous.

    Args:
        offsets: Offsets in the order fetched.
        expected: The next offset that was never fetched before.

    Yields:
        Contiguous runs in order; before a run that begins above everything known, an empty run over
        the absent offsets. An offset below what was expected came again and begins its own run.
    """
    begin, known = 0, expected
    for at, offset in enumerate(offsets):
        if at and offset != offsets[at - 1] + 1:
            yield Run(offsets[begin], offsets[at - 1] + 1, begin, at)
            begin = at
        if offset > known:
            yield Run(known, offset, at, at)
        known = max(known, offset + 1)
    if offsets:
        yield Run(offsets[begin], offsets[-1] + 1, begin, len(offsets))
