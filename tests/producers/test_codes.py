"""One-time codes: what is right, for how long, how often, and that nothing else tells."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest

from consentlog.errors import TransientError
from consentlog.http.problems import RequestRefused
from producers.code_outbox import CodeOutbox, read_outbox
from producers.codes import CODES_PER_HOUR, HOLDS_MS, TRIES, Codes
from tests.support.gateway import NUMBER, FixedClock

OTHER = "+8613900139000"
HOUR_MS = 3_600_000


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def codes(clock: FixedClock) -> Codes:
    return Codes(clock)


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_code_that_was_sent_is_right_for_its_number_and_its_purpose_alone(codes: Codes) -> None:
    code = codes.issue(NUMBER, "a")
    assert len(code) == 6
    assert code.isascii()
    assert code.isdigit()
    assert not codes.is_right(OTHER, "a", code, "n")
    assert not codes.is_right(NUMBER, "b", code, "n")
    assert codes.is_right(NUMBER, "a", code, "n")


@pytest.mark.parametrize("change", [" {} ", "{}\n"])
def test_spaces_and_full_width_digits_are_the_same_code(codes: Codes, change: str) -> None:
    code = codes.issue(NUMBER, "a")
    wide = code.translate({ord("0") + n: ord("０") + n for n in range(10)})
    assert codes.is_right(NUMBER, "a", change.format(f"{wide[:3]} {wide[3:]}"), "n")


def test_a_code_ends_after_ten_minutes(codes: Codes, clock: FixedClock) -> None:
    code = codes.issue(NUMBER, "a")
    clock.at_ms += HOLDS_MS - 1
    assert codes.is_right(NUMBER, "a", code, "n")
    clock.at_ms += 1
    assert not codes.is_right(NUMBER, "a", code, "n")


def test_five_wrong_tries_end_a_code(codes: Codes) -> None:
    code = codes.issue(NUMBER, "a")
    for _ in range(TRIES - 1):
        assert not codes.is_right(NUMBER, "a", _wrong(code), "n")
    assert codes.is_right(NUMBER, "a", code, "n")
    assert not codes.is_right(NUMBER, "a", _wrong(code), "n")
    assert not codes.is_right(NUMBER, "a", code, "n")


def test_a_used_code_is_right_again_for_the_same_act_alone(codes: Codes) -> None:
    code = codes.issue(NUMBER, "a")
    codes.use(NUMBER, "n1")
    assert codes.is_right(NUMBER, "a", code, "n1")
    assert not codes.is_right(NUMBER, "a", code, "n2")


def test_a_new_code_ends_the_one_before(codes: Codes) -> None:
    first = codes.issue(NUMBER, "a")
    second = codes.issue(NUMBER, "a")
    assert codes.is_right(NUMBER, "a", second, "n")
    assert first == second or not codes.is_right(NUMBER, "a", first, "n")


def test_a_number_gets_three_codes_an_hour(codes: Codes, clock: FixedClock) -> None:
    for _ in range(CODES_PER_HOUR):
        codes.issue(NUMBER, "a")
        clock.at_ms += 1
    with pytest.raises(RequestRefused, match="CL-1601"):
        codes.issue(NUMBER, "b")
    codes.issue(OTHER, "a")
    clock.at_ms += HOUR_MS
    codes.issue(NUMBER, "a")


def test_the_store_is_bounded_and_empties_by_itself(clock: FixedClock) -> None:
    codes = Codes(clock, max_numbers=2)
    codes.issue(NUMBER, "a")
    codes.issue(OTHER, "a")
    with pytest.raises(TransientError, match="CL-1602"):
        codes.issue("+8613700137000", "a")
    codes.issue(NUMBER, "a")
    clock.at_ms += HOUR_MS
    codes.issue("+8613700137000", "a")
    assert len(codes) == 1


def test_no_code_at_all_is_as_wrong_as_any(codes: Codes) -> None:
    assert not codes.is_right(NUMBER, "a", "", "n")
    assert not codes.is_right(NUMBER, "a", "000000", "n")
    assert not len(codes)


def test_the_store_does_not_hold_the_code(codes: Codes) -> None:
    code = codes.issue(NUMBER, "a")
    assert code not in repr(codes._entries)


def test_the_outbox_is_its_owners_alone_and_holds_what_still_holds(
    tmp_path: Path, clock: FixedClock
) -> None:
    path = tmp_path / "codes.jsonl"
    outbox = CodeOutbox(path, clock)
    asyncio.run(outbox.send(NUMBER, "验证码 123456"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text("utf-8"))["number"] == NUMBER
    clock.at_ms += HOLDS_MS
    asyncio.run(outbox.send(OTHER, "654321"))
    assert [one.number for one in read_outbox(path)] == [OTHER]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_outbox_that_cannot_be_written_says_so(tmp_path: Path, clock: FixedClock) -> None:
    outbox = CodeOutbox(tmp_path / "nowhere" / "codes.jsonl", clock)
    with pytest.raises(TransientError, match="CL-1603"):
        asyncio.run(outbox.send(NUMBER, "x"))


def test_an_outbox_that_nobody_empties_takes_no_more(
    tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producers.code_outbox.MAX_LINES", 1)
    outbox = CodeOutbox(tmp_path / "codes.jsonl", clock)
    asyncio.run(outbox.send(NUMBER, "x"))
    with pytest.raises(TransientError, match="CL-1603"):
        asyncio.run(outbox.send(NUMBER, "x"))
