"""A partition's whole world in memory: logs, a group, writers that stop and go on, readers.

It plays the protocol with the real writer and reader, and knows no I/O.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from consentlog.domain.facts import Fact
from consentlog.protocol.writer import PartitionWriter
from consentlog.wire.states import decode_state
from tests.protocol.logs import COMPACTION_LAG, TEND_EVERY, Logs
from tests.protocol.owner import Owner
from tests.protocol.replica import NotTheFold, Replica

MakeWriter = Callable[[bytes], PartitionWriter]


class World:
    """Plays random steps, then brings everything to rest and compares."""

    def __init__(
        self,
        seed: int,
        pool: list[tuple[str, Fact]],
        make_writer: MakeWriter,
        make_replica: Callable[[Logs], Replica] = Replica,
    ) -> None:
        self.random = random.Random(seed)
        self.logs = Logs()
        self.pool = pool
        self.make_writer = make_writer
        self.make_replica = make_replica
        self.owner: Owner | None = None
        self.zombies: list[Owner] = []
        self.replicas: list[Replica] = []
        self.generation = 0

    def run(self, steps: int) -> None:
        actions = [
            (self._append, 6), (self._work, 12), (self._commit, 2), (self._follow, 2),
            (self._report, 5), (self._pause, 2), (self._crash, 1), (self._take_over, 4),
            (self._zombie, 8), (self._compact, 1), (self._start_replica, 2), (self._read, 10),
            (self._idle, 1),
        ]  # fmt: skip
        kinds, weights = zip(*actions, strict=True)
        for action in self.random.choices(kinds, weights, k=steps):
            self.logs.tick += 1
            action()
            if self.owner is not None and self.logs.tick - self.owner.tended > TEND_EVERY:
                self.owner.tend()
        self._rest()

    def _few(self) -> int:
        return self.random.randint(1, 4)

    def _append(self) -> None:
        self.logs.events.append(self.random.choice(self.pool))

    def _work(self) -> None:
        if self.owner is not None:
            self._step(self.owner)

    def _step(self, owner: Owner) -> None:
        kind = self.random.choice(("fetch", "fold", "deliver"))
        getattr(owner, kind)(self._few())

    def _commit(self) -> None:
        if self.owner is not None:
            self.logs.committed = max(self.logs.committed, self.owner.delivered_through + 1)

    def _follow(self) -> None:
        if self.owner is not None:
            self.owner.follow(self._few())

    def _report(self) -> None:
        if self.owner is not None:
            self.owner.report()

    def _pause(self) -> None:
        """The owner stands still; the group gives its partition away, it does not know."""
        if self.owner is not None:
            self.owner.fetch(self._few())
            self.zombies.append(self.owner)
            self.owner = None

    def _crash(self) -> None:
        """The owner dies; what it had sent may have arrived in part."""
        if self.owner is not None:
            self.owner.deliver(self.random.randint(0, len(self.owner.queue)))
            self.owner = None

    def _take_over(self) -> None:
        if self.owner is None:
            self.generation += 1
            self.owner = Owner(self.logs, self.make_writer(self.generation.to_bytes(16, "big")))

    def _zombie(self) -> None:
        """A stopped owner goes on with what it had; it cannot commit, and some day it ends."""
        if not self.zombies:
            return
        zombie = self.random.choice(self.zombies)
        kind = self.random.choice(
            ("fold", "fold", "deliver", "deliver", "deliver", "follow", "report", "end")
        )
        if kind == "end":
            self.zombies.remove(zombie)
        elif kind == "report":
            zombie.report()
        else:
            getattr(zombie, kind)(self._few())

    def _compact(self) -> None:
        self.logs.compact()

    def _start_replica(self) -> None:
        if len(self.replicas) < 4:
            self.replicas.append(self.make_replica(self.logs))

    def _read(self) -> None:
        for replica in self.replicas:
            replica.follow(self._few())
            replica.check_tokens()

    def _idle(self) -> None:
        """Nobody does anything for a while, long enough for compaction."""
        if self.owner is None:
            self.logs.tick += COMPACTION_LAG

    def _rest(self) -> None:
        self.zombies.clear()
        self._take_over()
        assert self.owner is not None
        self.owner.finish()
        self.logs.tick += 2 * COMPACTION_LAG
        self.logs.compact()
        self.owner.tend()
        expected = self.logs.truth(len(self.logs.events))
        found = {r.key: decode_state(r.value).state for r in self.logs.state if r.key[:1] != b"@"}
        if found != expected:
            raise NotTheFold
        for replica in [*self.replicas, self.make_replica(self.logs)]:
            replica.follow(len(self.logs.state))
            if replica.states != expected:
                raise NotTheFold
