"""A partition's whole world in memory: logs, a group, writers that stop and go on, readers.

It plays the protocol with the real writer and reader, and knows no I/O. One tick is one step; the
limits of time (compaction lag, freshness, how soon an owner looks at its partition) are in ticks.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from consentlog.domain.facts import Fact
from consentlog.domain.state import EMPTY, SubjectState, evolve
from consentlog.protocol.reader import MonotoneReader, Outcome
from consentlog.protocol.writer import PartitionWriter, Write
from consentlog.wire.build import Progress
from consentlog.wire.states import decode_state

COMPACTION_LAG = 80
"""No record younger than this is compacted away."""
REBUILD_AFTER = COMPACTION_LAG // 2
"""A view whose newest progress record is older than this is made again from the events."""
TEND_EVERY = COMPACTION_LAG // 4
"""A live owner delivers, follows and reports at least this often."""
FRESH = REBUILD_AFTER
"""A reader that was level longer ago than this answers deny."""


@dataclass(frozen=True)
class Appended:
    offset: int
    tick: int
    key: bytes
    value: bytes


@dataclass
class Logs:
    """Events and state of one partition, and what the group committed."""

    events: list[tuple[str, Fact]] = field(default_factory=list)
    state: list[Appended] = field(default_factory=list)
    next_offset: int = 0
    committed: int = 0
    tick: int = 0

    def append(self, write: Write) -> None:
        self.state.append(Appended(self.next_offset, self.tick, write.key, write.value))
        self.next_offset += 1

    def since(self, offset: int) -> list[Appended]:
        return [record for record in self.state if record.offset >= offset]

    def compact(self) -> None:
        """Drop what an older, later record of the same key has superseded.

        As Kafka's cleaner: only records above the lag are looked at, so that a young record
        supersedes nothing yet.
        """
        old = [r for r in self.state if self.tick - r.tick >= COMPACTION_LAG]
        last = {record.key: record.offset for record in old}
        young = self.state[len(old) :]
        self.state = [r for r in old if last[r.key] == r.offset] + young

    def truth(self, through: int) -> dict[bytes, SubjectState]:
        """The pure fold of the events up to and including `through`."""
        states: dict[bytes, SubjectState] = {}
        for subject, fact in self.events[: through + 1]:
            key = subject.encode()
            states[key] = evolve(states.get(key, EMPTY), fact)
        return states


MakeWriter = Callable[[bytes], PartitionWriter]


class Owner:
    """One process that owns, or thinks that it owns, the partition."""

    def __init__(self, logs: Logs, writer: PartitionWriter) -> None:
        self.logs = logs
        self.writer = writer
        self.queue: deque[tuple[Write, int]] = deque()
        self.fetched: deque[tuple[int, str, Fact]] = deque()
        self.delivered_through = logs.committed - 1
        self.level_at = 0
        self.tended = logs.tick
        self.next_event = logs.committed
        self._asked: tuple[int, int] | None = None
        self._load()

    def _load(self) -> None:
        for record in self.logs.state:
            self.writer.load(record.key, record.value)
        self.read_to = self.logs.next_offset
        newest = max(
            (r.tick for r in self.logs.state if r.key.startswith(b"@progress")), default=None
        )
        if newest is None or self.logs.tick - newest > REBUILD_AFTER:
            for offset, (subject, fact) in enumerate(self.logs.events[: self.logs.committed]):
                self._queue(self.writer.fold(offset, subject, fact), -1)
        for write in self.writer.loaded():
            self._queue(write, -1)
        found = self.writer.newest_progress
        if found is not None:
            self.delivered_through = max(self.delivered_through, found.folded_through)
            self.level_at = found.level_at_ms
        # What puts the view right is delivered before the owner does anything else.
        self.deliver(len(self.queue))

    def _queue(self, write: Write | None, through: int) -> None:
        if write is not None:
            self.queue.append((write, through))

    def fetch(self, limit: int) -> None:
        end = min(len(self.logs.events), self.next_event + limit)
        for offset in range(self.next_event, end):
            self.fetched.append((offset, *self.logs.events[offset]))
        self.next_event = end

    def fold(self, limit: int) -> None:
        for _ in range(min(limit, len(self.fetched))):
            offset, subject, fact = self.fetched.popleft()
            write = self.writer.fold(offset, subject, fact)
            if write is None and not self.queue:
                self.delivered_through = max(self.delivered_through, offset)
            self._queue(write, offset)

    def deliver(self, limit: int) -> None:
        for _ in range(min(limit, len(self.queue))):
            write, through = self.queue.popleft()
            self.logs.append(write)
            self.delivered_through = max(self.delivered_through, through)

    def follow(self, limit: int) -> None:
        for record in self.logs.since(self.read_to)[:limit]:
            self.read_to = record.offset + 1
            for write in self.writer.follow(record.key, record.value):
                self._queue(write, -1)

    def report(self) -> None:
        """Deliver all, append a progress record, then ask for the end of the log."""
        self.deliver(len(self.queue))
        if self._asked is not None and self.delivered_through >= self._asked[1] - 1:
            self.level_at, self._asked = max(self.level_at, self._asked[0]), None
        progress = Progress(self.delivered_through, self.level_at, bytes(32))
        self.logs.append(self.writer.progress(progress))
        if self._asked is None:
            self._asked = self.logs.tick, len(self.logs.events)

    def tend(self) -> None:
        self.follow(len(self.logs.state))
        self.report()
        self.tended = self.logs.tick

    def finish(self) -> None:
        """Fold and follow until nothing moves any more."""
        while True:
            before = self.logs.next_offset
            self.fetch(len(self.logs.events))
            self.fold(len(self.logs.events))
            self.deliver(len(self.queue))
            self.follow(len(self.logs.state))
            if self.logs.next_offset == before and not self.queue:
                break
        self.report()


class Replica:
    """A dialer's view: the monotone reader and the states that it admitted."""

    def __init__(self, logs: Logs) -> None:
        self.logs = logs
        self.reader = MonotoneReader()
        self.states: dict[bytes, SubjectState] = {}
        self.read_to = 0
        self.bootstrapped_at = logs.next_offset

    def follow(self, limit: int) -> None:
        for record in self.logs.since(self.read_to)[:limit]:
            self.read_to = record.offset + 1
            self.take(record)

    def take(self, record: Appended) -> None:
        decoded = decode_state(record.value)
        if not self.admits(decoded.position):
            return
        assert self.reader.apply(decoded) is Outcome.APPLIED or not self.drops
        if record.key.startswith(b"@"):
            return
        before = self.states.get(record.key, EMPTY).facts
        if self.answers and not set(before) <= set(decoded.state.facts):
            raise WentBackwards(record.key, record.offset)
        self.states[record.key] = decoded.state

    drops = True

    def admits(self, position: tuple[int, int]) -> bool:
        return self.reader.admits(position)

    @property
    def answers(self) -> bool:
        """Bootstrapped and fresh: otherwise every answer is deny."""
        return (
            self.read_to >= self.bootstrapped_at
            and self.logs.tick - self.reader.level_at_ms <= FRESH
            and self.reader.level_at_ms > 0
        )

    def check_tokens(self) -> None:
        """Whatever a passed token names is visible."""
        if not self.answers:
            return
        through = max(self.reader.as_of, self.reader.folded_through)
        for key, state in self.logs.truth(through).items():
            mine = self.states.get(key, EMPTY)
            if not set(state.facts) <= set(mine.facts):
                raise TokenNotVisible(key, through)


class LazyReplica(Replica):
    """The mistake of believing whatever comes last."""

    drops = False

    def admits(self, position: tuple[int, int]) -> bool:
        return True


class Broken(AssertionError):
    """A guarantee that did not hold."""


class WentBackwards(Broken): ...


class TokenNotVisible(Broken): ...


class NotTheFold(Broken): ...


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
