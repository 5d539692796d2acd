"""Both logs of one partition in memory, with Kafka's compaction.

One tick is one step of a history; the limits of time are in ticks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from consentlog.domain.facts import Fact
from consentlog.domain.state import EMPTY, SubjectState, evolve
from consentlog.protocol.writer import Write

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
