"""The replica's memory: monotone, and whatever it cannot believe it denies."""

from __future__ import annotations

import pytest

from consentlog.domain.state import fold
from consentlog.ports import Position
from consentlog.wire.build import Hole, Progress
from consentlog.wire.states import StateRecord, encode_state, hole_subject, progress_subject
from dialers.view import Filed, Known, Trouble, View
from tests.support.histories import granted, refused

NUMBER = "+8613800138000"
KEY = NUMBER.encode()
WRITER = bytes(16)
NOW = 1_800_000_000_000
REFUSED = fold([refused()])
GRANTED = fold([granted()])


@pytest.fixture
def view() -> View:
    return View(12)


@pytest.fixture
def home(view: View) -> int:
    return view.partition_of(NUMBER)


def record(as_of: int, state: object = REFUSED, subject: str = NUMBER) -> bytes:
    return encode_state(StateRecord(subject, as_of, WRITER, state))  # type: ignore[arg-type]  # a state


def progress(partition: int, as_of: int, through: int, level_at_ms: int = NOW) -> bytes:
    part = Progress(through, level_at_ms, bytes(32))
    return encode_state(StateRecord(progress_subject(partition), as_of, WRITER, progress=part))


def test_a_number_never_seen_has_neither_state_nor_trouble(view: View) -> None:
    assert view.find(NUMBER) == Known()


def test_the_last_applied_state_is_found(view: View, home: int) -> None:
    view.apply(home, KEY, record(1, GRANTED))
    assert view.apply(home, KEY, record(2, REFUSED)) is Filed.APPLIED
    assert view.find(NUMBER) == Known(REFUSED)
    assert view.has(Position(home, 2))
    assert not view.has(Position(home, 3))


def test_a_zombies_record_does_not_reopen_a_number(view: View, home: int) -> None:
    view.apply(home, KEY, record(9, REFUSED))
    assert view.apply(home, KEY, record(8, GRANTED)) is Filed.DROPPED
    assert view.find(NUMBER) == Known(REFUSED)
    assert view.filed[Filed.DROPPED] == 1


def test_a_zombie_is_known_by_its_partitions_position_not_by_its_numbers(
    view: View, home: int
) -> None:
    view.apply(home, KEY, record(5, REFUSED))
    view.apply(home, b"+8613800138001", record(9, REFUSED, "+8613800138001"))
    assert view.apply(home, KEY, record(7, GRANTED)) is Filed.DROPPED
    assert view.find(NUMBER) == Known(REFUSED)


def undecodable_values() -> list[bytes | None]:
    whole = record(9)
    return [
        None,
        b"",
        b"\x00\x00\x00\x00\x63rest",
        whole[:-1],
        whole + b"!",
        record(9, subject="+1"),
    ]


@pytest.mark.parametrize("value", undecodable_values(), ids=repr)
def test_a_record_that_does_not_decode_denies_its_number_alone(
    view: View, home: int, value: bytes | None
) -> None:
    view.apply(home, KEY, record(1, GRANTED))
    view.apply(home, KEY, value)
    assert view.find(NUMBER) == Known(trouble=Trouble.UNDECODABLE)
    assert view.find("+8613800138001") == Known()


def test_a_readable_record_ends_the_doubt(view: View, home: int) -> None:
    assert view.apply(home, KEY, b"nonsense") is Filed.UNREADABLE
    view.apply(home, KEY, record(2, REFUSED))
    assert view.find(NUMBER) == Known(REFUSED)


def test_an_undecodable_record_does_not_move_the_position(view: View, home: int) -> None:
    view.apply(home, KEY, b"nonsense")
    assert view.readers[home].as_of == -1


def test_a_number_in_two_partitions_denies(view: View, home: int) -> None:
    view.apply(home, KEY, record(1, GRANTED))
    view.apply((home + 1) % 12, KEY, record(1, REFUSED))
    view.apply(home, KEY, record(2, GRANTED))
    assert view.find(NUMBER) == Known(trouble=Trouble.TWO_PARTITIONS)


def test_a_number_in_another_partition_than_its_own_denies(view: View, home: int) -> None:
    view.apply((home + 1) % 12, KEY, record(1, GRANTED))
    assert view.find(NUMBER) == Known(trouble=Trouble.MISPLACED)


def test_progress_moves_tokens_and_level_and_files_no_number(view: View) -> None:
    view.apply(3, b"@progress/3", progress(3, 7, 9))
    assert view.has(Position(3, 9))
    assert view.readers[3].level_at_ms == NOW
    assert len(view) == 0


def test_another_partitions_progress_refreshes_nothing(view: View) -> None:
    view.apply(3, b"@progress/4", progress(4, 7, 9))
    assert view.readers[3].level_at_ms == 0
    assert view.readers[4].level_at_ms == 0


def test_progress_that_does_not_decode_refreshes_nothing(view: View) -> None:
    assert view.apply(3, b"@progress/3", progress(3, 7, 9)[:-4]) is Filed.UNREADABLE
    assert (view.readers[3].as_of, view.readers[3].level_at_ms) == (-1, 0)


def test_a_hole_moves_the_position_only(view: View) -> None:
    subject = hole_subject(3, Hole(4, 6))
    value = encode_state(StateRecord(subject, 6, WRITER, hole=Hole(4, 6)))
    view.apply(3, subject.encode(), value)
    assert view.has(Position(3, 6))
    assert len(view) == 0
