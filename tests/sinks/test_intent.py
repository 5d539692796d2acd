"""What an intent says, and what a new owner makes of it."""

from __future__ import annotations

import pytest

from consentlog.errors import FatalError
from sinks.batch import build_batch
from sinks.intent import Cover, Intent, Repeat, Resume, judge
from tests.support.sink_world import Owner, World, record_at

INTENT = Intent(10, 19, "ab")


def test_metadata_comes_back() -> None:
    assert INTENT.metadata == "19/ab"
    assert Intent.parse(10, INTENT.metadata) == INTENT
    assert Intent.parse(-1001, None) is None


@pytest.mark.parametrize("metadata", [None, "", "9/ab", "x/ab", "19", "-3/ab", "١٩/ab"])
def test_a_commit_by_somebody_else_ends_the_sink(metadata: str | None) -> None:
    with pytest.raises(FatalError, match="CL-4102"):
        Intent.parse(10, metadata)


@pytest.mark.parametrize(
    ("intent", "cover", "expected"),
    [
        (None, Cover(0, 0, None, None), Resume(0)),
        (None, Cover(0, 0, 41, None), Resume(42)),
        (None, Cover(0, 0, 41, 50), Resume(51)),
        (INTENT, Cover(10, 10, 19, None), Resume(20)),
        (INTENT, Cover(10, 10, 19, 24), Resume(25)),
        (INTENT, Cover(0, 0, 9, None), Repeat(INTENT)),
        (INTENT, Cover(0, 0, 7, 9), Repeat(INTENT)),
        (Intent(0, 3, "a"), Cover(0, 0, None, None), Repeat(Intent(0, 3, "a"))),
    ],
)
def test_what_comes_next(intent: Intent | None, cover: Cover, expected: object) -> None:
    assert judge(intent, cover) == expected


@pytest.mark.parametrize(
    "cover",
    [
        pytest.param(Cover(4, 4, 13, None), id="some rows"),
        pytest.param(Cover(11, 10, 19, None), id="a row twice"),
        pytest.param(Cover(10, 10, 20, None), id="rows beyond"),
        pytest.param(Cover(0, 0, 25, None), id="none, but rows beyond"),
        pytest.param(Cover(0, 0, 8, None), id="a row before is missing"),
        pytest.param(Cover(0, 0, None, None), id="the table was emptied"),
    ],
)
def test_doubt_stops(cover: Cover) -> None:
    with pytest.raises(FatalError, match="CL-4103"):
        judge(INTENT, cover)


def test_the_token_names_place_and_content() -> None:
    batch = build_batch([record_at(4), record_at(5)])
    other = build_batch([record_at(4), record_at(5, b"other")])
    assert batch.token.startswith("events/0/4-5/")
    assert batch.token != other.token
    with pytest.raises(ValueError, match="contiguous"):
        build_batch([record_at(4), record_at(6)])


def test_a_log_that_changed_under_an_intent_is_refused() -> None:
    world = World()
    world.append(3)
    owner = Owner(world)
    world.committed = build_batch(owner.read(0, 0, 2)).intent
    world.log[1] = record_at(1, b"another")
    with pytest.raises(FatalError, match="CL-4101"):
        owner.sink.settle()


@pytest.mark.parametrize("log", ["shorter", "different", "gone"])
def test_a_log_that_changed_under_the_history_is_refused(log: str) -> None:
    world = World()
    world.append(5)
    owner = Owner(world)
    owner.sink.write(build_batch(owner.read(0, 0, 4)))
    assert owner.sink.settle() == 5
    if log == "shorter":
        world.log = world.log[:3]
    elif log == "different":
        world.log[4] = record_at(4, b"another")
    else:
        world.log[4] = None
    with pytest.raises(FatalError, match="CL-4101"):
        owner.sink.settle()
