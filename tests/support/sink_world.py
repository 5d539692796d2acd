"""A group, a log and a table in memory, with which a sink can die between any two of its steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from consentlog.errors import FatalError, TransientError
from consentlog.ports import Record
from sinks.batch import Batch
from sinks.intent import Cover, Intent
from sinks.partition import PartitionSink
from sinks.rows import LEAF_INDEX


class Crash(Exception):
    """The process ended here."""


def record_at(offset: int, content: bytes = b"") -> Record:
    """Return a record; what it says does not matter to the protocol."""
    return Record("events", 0, offset, 1000 + offset, b"+8613800138000", content or b"%d" % offset)


@dataclass
class World:
    """What survives every process."""

    log: list[Record | None] = field(default_factory=list)
    generation: int = 0
    committed: Intent | None = None
    rows: list[tuple[int, bytes]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    holes: list[tuple[int, int]] = field(default_factory=list)
    under_way: list[Batch] = field(default_factory=list)

    def append(self, count: int) -> None:
        """Append records to the log."""
        self.log += [record_at(len(self.log) + i) for i in range(count)]

    def land(self, batch: Batch) -> None:
        """What ClickHouse does with one insert."""
        if batch.token not in self.tokens:
            self.tokens.add(batch.token)
            self.rows += [(row[2], row[LEAF_INDEX]) for row in batch.rows]


@dataclass
class Owner:
    """One process that believes it owns the partition.

    `script` says for each insert what becomes of it: `ok`, `lost` (no answer, not written),
    `doubt` (written, no answer), `late` (no answer, written whenever the test says), `die`
    (before), `die_after`, `forgotten` (no answer, its token written down, its rows not: the table
    was killed in between).
    """

    world: World
    script: list[str] = field(default_factory=list)
    generation: int = 0

    def __post_init__(self) -> None:
        self.world.generation += 1
        self.generation = self.world.generation

    @property
    def sink(self) -> PartitionSink:
        """The steps of its partition."""
        return PartitionSink(0, self, self, self, self)

    def intent(self, _partition: int) -> Intent | None:
        return self.world.committed

    def commit_intent(self, partition: int, intent: Intent) -> None:
        if self.generation != self.world.generation:
            raise FatalError("CL-4106", partition=partition, reason="UNKNOWN_MEMBER_ID")
        self.world.committed = intent

    def check(self) -> None:
        """The fence; a stale owner gets past it when it stood still after the check."""

    def ends(self, _partition: int) -> tuple[int, int]:
        return 0, len(self.world.log)

    def read(self, _partition: int, first: int, last: int) -> list[Record]:
        return [one for one in self.world.log[first : last + 1] if one is not None]

    def cover(self, _partition: int, intent: Intent | None) -> Cover:
        offsets = [offset for offset, _ in self.world.rows]
        inside = [o for o in offsets if intent and intent.first <= o <= intent.last]
        hole_end = max((last for _, last in self.world.holes), default=None)
        return Cover(len(inside), len(set(inside)), max(offsets, default=None), hole_end)

    def newest(self, _partition: int) -> tuple[int, bytes] | None:
        return max(self.world.rows, default=None)

    def insert(self, batch: Batch) -> None:
        fate = self.script.pop(0) if self.script else "ok"
        if fate == "die":
            raise Crash
        if fate in {"ok", "doubt", "die_after"}:
            self.world.land(batch)
        if fate == "forgotten":
            self.world.tokens.add(batch.token)
        if fate == "late":
            self.world.under_way.append(batch)
        if fate == "die_after":
            raise Crash
        if fate != "ok":
            raise TransientError("CL-8101", reason="timeout")

    def record_hole(self, _partition: int, first: int, last: int) -> None:
        if (first, last) not in self.world.holes:
            self.world.holes.append((first, last))

    def exactness(self, _partition: int, first: int, last: int) -> tuple[int, int, int]:
        inside = [offset for offset, _ in self.world.rows if first <= offset <= last]
        holes = sum(b - a + 1 for a, b in self.world.holes if first <= a and b <= last)
        return len(inside), len(set(inside)), holes
