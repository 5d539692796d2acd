"""The state topic's protocol over thousands of random histories.

Writers that stop and go on, takeovers, crashes before and after delivery and commit, compaction,
readers that start at any time. What must hold: at rest each key's last record is the pure fold of
the log; a reader that answers never loses a fact; a token that was passed is visible.
"""

from __future__ import annotations

import pytest

from consentlog.protocol.writer import PartitionWriter, Write
from tests.protocol.replica import Broken, LazyReplica, NotTheFold, Replica
from tests.protocol.world import MakeWriter, World
from tests.support.histories import MINUTE_MS, NOON_MS, granted, held, refused, released

TRACES = 2_000
STEPS = 120
_SUBJECTS = [f"+861380013{n:04}" for n in range(16)]
"""Enough that a number often gets no later event, which would put its record right by chance."""
_FACTS = [
    *(refused(n, NOON_MS + n * MINUTE_MS) for n in range(1, 4)),
    refused(1, accepted_at_ms=NOON_MS + 7),
    *(granted(n, NOON_MS + n * MINUTE_MS) for n in range(4, 7)),
    held(7),
    released(7, 8),
]
POOL = [(subject, fact) for subject in _SUBJECTS for fact in _FACTS]


def _writer(generation: bytes) -> PartitionWriter:
    return PartitionWriter(3, generation)


@pytest.mark.parametrize("batch", range(4))
def test_every_history_ends_on_the_fold_and_no_reader_goes_backwards(batch: int) -> None:
    for seed in range(batch * TRACES // 4, (batch + 1) * TRACES // 4):
        world = World(seed, POOL, _writer)
        try:
            world.run(STEPS)
        except Broken as exc:
            raise AssertionError(f"trace {seed}: {exc!r}") from exc


class _NeverRightsAtLoad(PartitionWriter):
    def loaded(self) -> list[Write]:
        super().loaded()
        return []


class _NeverRightsWhileFollowing(PartitionWriter):
    def follow(self, key: bytes, raw: bytes | None) -> list[Write]:
        super().follow(key, raw)
        return []


@pytest.mark.parametrize("broken", [_NeverRightsAtLoad, _NeverRightsWhileFollowing])
def test_without_rewriting_some_history_ends_on_an_older_record(
    broken: type[PartitionWriter],
) -> None:
    with pytest.raises(NotTheFold):
        _play_until_broken(lambda generation: broken(3, generation), Replica)


def test_without_the_drop_rule_some_reader_goes_backwards() -> None:
    with pytest.raises(Broken):
        _play_until_broken(_writer, LazyReplica, first_seed=1_560)


def _play_until_broken(make: MakeWriter, replica: type[Replica], first_seed: int = 80) -> None:
    """Play on from a seed that is known to lie shortly before a counterexample."""
    for seed in range(first_seed, first_seed + TRACES):
        World(seed, POOL, make, replica).run(STEPS)
