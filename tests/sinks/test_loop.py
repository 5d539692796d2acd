"""The loop's own rules: batches, holes, doubt, patience; the parties are in memory."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from consentlog.errors import FatalError
from consentlog.ports import Record
from sinks.buffer import Limits
from sinks.loop import SinkLoop, Tuning
from sinks.patience import Patience
from tests.support.sink_world import Owner, World


class Stand:
    """Membership, feed and clock around one memory owner."""

    def __init__(self, world: World, rows: int = 5, script: list[str] | None = None) -> None:
        self.now = 100.0
        self.world = world
        self.owner = Owner(world, script or [])
        self.position: int | None = None
        self.doubt = False
        tuning = Tuning(Limits(rows, 10_000, 1.0), 60.0)
        patience = Patience(10.0, lambda: self.now)
        self.loop = SinkLoop(
            self, self, lambda _p: self.owner.sink, patience, tuning, lambda: self.now
        )
        self.loop.own(frozenset({0}))

    def poll(self) -> None:
        """Nothing changes hands."""

    def follow(self, starts: Mapping[int, int]) -> None:
        self.position = starts.get(0)

    def take(self, wait_s: float) -> list[Record]:
        if self.position is None:
            return []
        found = [one for one in self.world.log[self.position :] if one is not None]
        self.position = len(self.world.log)
        return found

    def lost_connection(self) -> bool:
        doubt, self.doubt = self.doubt, False
        return doubt

    def ready(self) -> bool:
        return self.loop.is_ready

    def live(self) -> bool:
        return self.loop.is_live

    def turns(self, count: int = 3, step: float = 1.0) -> None:
        for _ in range(count):
            self.loop.turn()
            self.now += step


def test_a_record_waits_for_others_but_not_long() -> None:
    world = World()
    world.append(2)
    stand = Stand(world)
    stand.turns(1, step=0.9)
    assert (len(world.rows), stand.ready()) == (0, True)
    stand.turns(2, step=0.2)
    assert [offset for offset, _ in world.rows] == [0, 1]


def test_no_insert_is_larger_than_the_limit() -> None:
    world = World()
    world.append(13)
    stand = Stand(world, rows=5)
    stand.turns(1)
    assert len(world.rows) == 10
    assert {token.split("/")[2] for token in world.tokens} == {"0-4", "5-9"}
    stand.turns(2)
    assert len(world.rows) == 13


def test_a_hole_of_the_log_is_noted_and_passed() -> None:
    world = World()
    world.append(9)
    world.log[3] = world.log[4] = None
    stand = Stand(world)
    stand.turns()
    assert [offset for offset, _ in world.rows] == [0, 1, 2, 5, 6, 7, 8]
    assert world.holes == [(3, 4)]
    assert Owner(world).sink.settle() == 9


def test_records_that_the_client_dropped_end_the_process() -> None:
    world = World()
    world.append(6)
    stand = Stand(world)
    stand.turns(1)
    missing, world.log[2:4] = world.log[2:4], [None, None]
    records = stand.take
    stand.loop.own(frozenset({0}))

    def dropping(wait_s: float) -> list[Record]:
        found = records(wait_s)
        world.log[2:4] = missing
        return found

    world.rows.clear()
    world.tokens.clear()
    world.committed = None
    stand.take = dropping  # type: ignore[method-assign]  # the client's fault
    with pytest.raises(FatalError, match="CL-4107"):
        stand.turns(1)


@pytest.mark.parametrize("fate", ["lost", "doubt"])
def test_an_insert_without_an_answer_starts_over(fate: str) -> None:
    world = World()
    world.append(12)
    stand = Stand(world, script=[fate, fate, "ok"])
    stand.turns(1)
    assert not stand.ready()
    stand.turns(1, step=0.01)
    stand.now += 5
    stand.turns(4)
    assert stand.ready()
    assert [offset for offset, _ in world.rows] == list(range(12))


def test_a_lost_connection_puts_every_position_in_doubt() -> None:
    world = World()
    world.append(3)
    stand = Stand(world)
    stand.turns()
    world.log = world.log[:1]
    stand.doubt = True
    with pytest.raises(FatalError, match="CL-4101"):
        stand.turns(1)


def test_the_timer_finds_a_doubled_row() -> None:
    world = World()
    stand = Stand(world)
    stand.turns(1)
    world.append(3)
    stand.turns()
    world.rows.append(world.rows[0])
    stand.now += 60
    with pytest.raises(FatalError, match="CL-4109"):
        stand.turns(1)


def test_the_timer_finds_a_batch_that_a_new_owner_repeated() -> None:
    world = World()
    world.append(3)
    stand = Stand(world)
    stand.turns()
    stand.loop.own(frozenset({0}))
    stand.turns(1)
    world.rows += world.rows
    stand.now += 60
    with pytest.raises(FatalError, match="CL-4109"):
        stand.turns(1)


def test_not_ready_between_two_assignments() -> None:
    stand = Stand(World())
    stand.turns(1)
    assert stand.ready()
    stand.loop.own(None)
    assert not stand.ready()
    stand.loop.own(frozenset())
    assert stand.ready()
    assert stand.live()
    stand.now += 61
    assert not stand.live()


def test_patience_grows_and_never_ends() -> None:
    now = [0.0]
    patience = Patience(10, lambda: now[0])
    assert [round(patience.failed(), 1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]
    assert (patience.may_try(), patience.is_waiting) == (False, True)
    now[0] += 10
    assert patience.may_try()
    patience.succeeded()
    assert not patience.is_waiting
