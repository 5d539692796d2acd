r"""Named cases: cases.csv, one line each, with what is written, the source's region and why.

`expected` is the subject, or the reason's name in lower case; \t, \n, \r, \\ and \uXXXX stand for
what an editor would not show. `source` is where the case comes from: rules 10, facts/mission 4.5,
the numbering plan, a trap of parsing, an accident of exports.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from consentlog.numbers import normalise as module
from consentlog.numbers.normalise import Normalised, QuarantineReason, normalise

_ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|[tnr\\])")
_SHORT = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


class Case(NamedTuple):
    raw: str
    region: str
    expected: str
    source: str
    why: str


def read() -> list[Case]:
    with Path(__file__).with_name("cases.csv").open(encoding="utf-8", newline="") as file:
        return [Case(**row) for row in csv.DictReader(file, strict=True)]


CASES = read()
NAMED = (
    *("16502530000", "13800138000", "+8613800138000", "008613800138000", "8613800138000"),
    *("013800138000", "138****8000", "17909013800138000", "1259313800138000", "1795113800138000"),
    *("62345678", "95588", "12321", "110", "85291234567"),
)


def text_of(case: Case) -> str:
    return _ESCAPE.sub(lambda found: _SHORT.get(found[1]) or chr(int(found[1][1:], 16)), case.raw)


def outcome(case: Case) -> str:
    found = normalise(text_of(case), case.region or None)
    return found.subject if isinstance(found, Normalised) else found.reason.name.lower()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.region}:{case.raw:.30}")
def test_case(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcome(case) == case.expected, case.why
    monkeypatch.setattr(module, "read_common", lambda _text, _region: None)
    assert outcome(case) == case.expected, "the library differs"


def test_there_are_enough_and_each_is_said_once() -> None:
    assert len(CASES) >= 400
    assert len({(case.raw, case.region) for case in CASES}) == len(CASES)
    assert all(case.source and case.why for case in CASES)


def test_every_reason_has_cases() -> None:
    assert {case.expected for case in CASES} >= {reason.name.lower() for reason in QuarantineReason}


@pytest.mark.parametrize("written", NAMED)
def test_what_the_rules_name_is_among_them(written: str) -> None:
    assert any(case.raw == written and case.source == "rules 10" for case in CASES)
