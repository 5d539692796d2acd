"""One ownership of one partition: what was handed out, what is acknowledged, what is committed.

Every assignment makes a new object, also when the same partition comes back, so that nothing of an
earlier ownership can be mistaken for the present one.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

_generations = itertools.count(1)


class Delivery(Protocol):
    """What Faust keeps for one batch: acknowledged by the agent, taken by its stream."""

    acked: bool
    tracked: bool


@dataclass(slots=True, eq=False)
class Ownership:
    """The right to read one partition, from an assignment to its revocation.

    Written by the consumer thread only, but for `observe_end`; read from any thread.

    Attributes:
        topic: Topic name.
        partition: Partition number.
        start: First offset to be read: the committed one, or the log's first.
        generation: Unique in this process, rising.
        live: False from the moment the partition is given back, for ever.
        ready: True once `on_assigned` finished; records come only then.
        next_offset: Next offset to hand out.
        committable: End of the acknowledged prefix: everything below is done.
        committed: What the broker confirmed.
        sent: What the last commit asked for.
        log_end: Highest end of this partition that anybody saw.
    """

    topic: str
    partition: int
    start: int
    generation: int = field(default_factory=lambda: next(_generations))
    live: bool = True
    ready: bool = False
    next_offset: int = field(init=False)
    committable: int = field(init=False)
    committed: int = field(init=False)
    sent: int = field(init=False)
    log_end: int = field(init=False)
    _outstanding: deque[tuple[Delivery, int]] = field(default_factory=deque, init=False)

    def __post_init__(self) -> None:
        self.next_offset = self.committable = self.committed = self.sent = self.start
        self.log_end = self.start

    def hand_out(self, delivery: Delivery, next_offset: int) -> None:
        """Remember one delivery, in log order.

        Args:
            delivery: Its `acked` turns True once the agent is done with it.
            next_offset: Committable once this and all before are acknowledged. May lie below an
                earlier one: a record that came again is done again, and moves nothing back.
        """
        self._outstanding.append((delivery, next_offset))
        self.next_offset = max(self.next_offset, next_offset)

    def advance(self) -> int:
        """Move `committable` over the acknowledged prefix.

        Returns:
            How many deliveries are outstanding.
        """
        waiting = self._outstanding
        while waiting and waiting[0][0].acked:
            self.committable = max(self.committable, waiting.popleft()[1])
        return len(waiting)

    def unfinished(self, *, taken_only: bool) -> int:
        """Count deliveries without acknowledgement.

        Args:
            taken_only: Leave out what no agent has taken: at a stop it never will be.
        """
        self.advance()
        return sum(not d.acked and (d.tracked or not taken_only) for d, _ in self._outstanding)

    def observe_end(self, end: int) -> None:
        """Tell the watchdog where the partition ends, if somebody asked the broker.

        The consumer's own idea of the end comes with its fetches, so a consumer that silently
        stopped fetching sees no lag. May be called from any thread.

        Args:
            end: The partition's end offset (the next one to be written).
        """
        self.log_end = max(self.log_end, end)


class Holdings:
    """The partitions owned now.

    Replaced as a whole by the consumer thread, so that any thread may read it without a lock.
    """

    def __init__(self) -> None:
        self._owned: dict[tuple[str, int], Ownership] = {}

    def __iter__(self) -> Iterator[Ownership]:
        return iter(self._owned.values())

    def get(self, topic: str, partition: int) -> Ownership | None:
        """Return the present ownership of a partition, or None."""
        return self._owned.get((topic, partition))

    def add(self, gained: Iterable[Ownership]) -> None:
        """Take partitions."""
        self._owned = {**self._owned, **{(o.topic, o.partition): o for o in gained}}

    def remove(self, lost: Iterable[Ownership]) -> None:
        """Give partitions back."""
        gone = {(o.topic, o.partition) for o in lost}
        self._owned = {key: o for key, o in self._owned.items() if key not in gone}
