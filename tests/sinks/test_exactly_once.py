"""Whatever dies, and whenever a late insert lands, each offset stands in the table once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from consentlog.errors import FatalError, TransientError
from sinks.batch import build_batch
from sinks.exactness import check_exact
from sinks.rows import LEAF_INDEX, row_of
from tests.support.sink_world import Crash, Owner, World

FATES = ("ok", "lost", "doubt", "late", "die", "die_after", "forgotten")
_step = st.tuples(
    st.integers(0, 1),  # which of two processes acts
    st.integers(1, 4),  # batch size
    st.sampled_from(FATES),
    st.sampled_from(("", "takeover", "land_late")),
)


class Process:
    """One sink process: settles, writes, dies, is replaced; may be an unaware zombie."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.owner = Owner(world)
        self.next: int | None = None

    def act(self, size: int, fate: str) -> None:
        self.owner.script = [fate]
        try:
            if self.next is None:
                self.next = self.owner.sink.settle()
                return
            records = self.owner.read(0, self.next, self.next + size - 1)
            if records:
                self.owner.sink.write(build_batch(records))
                self.next += len(records)
        except TransientError:
            self.next = None
        except Crash:
            self.owner, self.next = Owner(self.world), None
        except FatalError as error:
            if error.code != "CL-4106":
                raise
            self.owner, self.next = Owner(self.world), None


@given(st.lists(_step, max_size=40), st.integers(1, 25))
@settings(max_examples=250, deadline=None)
def test_every_offset_once_after_any_trace(
    steps: list[tuple[int, int, str, str]], length: int
) -> None:
    world = World()
    world.append(length)
    processes = [Process(world), Process(world)]
    for who, size, fate, event in steps:
        if event == "takeover":
            processes[who].owner, processes[who].next = Owner(world), None
        if event == "land_late" and world.under_way:
            world.land(world.under_way.pop(0))
        processes[who].act(size, fate)
    last = Owner(world).sink
    position = last.settle()
    while position < length:
        batch = build_batch(last.log.read(0, position, position + 6))
        last.write(batch)
        position = batch.intent.last + 1
    for batch in world.under_way:
        world.land(batch)
    expected = [(one.offset, row_of(one)[LEAF_INDEX]) for one in world.log if one]
    assert sorted(world.rows) == expected
    check_exact(last.history, 0, 0, length)
