"""The history of one subject as JSON lines: a line that is no event is held, never ignored."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple, NoReturn

from consentlog.domain.events import fact_defect
from consentlog.domain.facts import Fact
from consentlog.domain.held import undecodable_hold
from consentlog.domain.ids import id_of_bytes
from consentlog.domain.subject import is_subject
from consentlog.errors import CodecError, InvalidEvent
from consentlog.wire.json_form import event_from_json

SOURCE = "history"


class Trouble(NamedTuple):
    """A line (1-based) that is held instead of folded, and why; never with a value in it."""

    line: int
    reason: str


class History(NamedTuple):
    """What a stream of lines says.

    `subject` is None if no line names a number. `facts` has one for each line that is not blank,
    for a line in `troubles` a hold over every scope.
    """

    subject: str | None
    facts: list[Fact]
    troubles: list[Trouble]


def read_history(lines: Iterable[bytes], met_at_ms: int) -> History:
    """Read the events of one subject.

    Args:
        lines: UTF-8, one event in its JSON form each; blank lines mean nothing.
        met_at_ms: `accepted_at` of the holds that stand in for what is no event, ms UTC.

    Raises:
        InvalidEvent: `CL-3102` if two lines name two subjects, whatever else they say.
    """
    subject: str | None = None
    named_on = 0
    found: list[Fact | bytes] = []
    troubles = []
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
        if not text:
            continue
        value, reason = _parsed(text)
        named = _subject_in(value)
        if named is not None and subject not in (None, named):
            raise InvalidEvent("CL-3102", line=number, first=named_on)
        if subject is None and named is not None:
            subject, named_on = named, number
        fact = _fact_of(value) if reason is None else reason
        if isinstance(fact, str):
            troubles.append(Trouble(number, fact))
            found.append(text)
        else:
            found.append(fact)
    key = None if subject is None else subject.encode()
    facts = [_held(key, one, met_at_ms) if isinstance(one, bytes) else one for one in found]
    return History(subject, facts, troubles)


def _held(key: bytes | None, line: bytes, met_at_ms: int) -> Fact:
    return undecodable_hold(id_of_bytes(key, line), met_at_ms, SOURCE)


def _fact_of(value: object) -> Fact | str:
    """Return the fact of an event, or why it cannot be folded."""
    try:
        event = event_from_json(value)
    except CodecError as exc:
        return str(exc.params["reason"])
    if not is_subject(event.subject):
        return "subject: not an E.164 number"
    return fact_defect(event.fact) or event.fact


def _subject_in(value: object) -> str | None:
    named = value.get("subject") if isinstance(value, dict) else None
    return named if isinstance(named, str) and is_subject(named) else None


def _parsed(text: bytes) -> tuple[object, str | None]:
    try:
        return json.loads(
            text.decode(), object_pairs_hook=_each_once, parse_constant=_no_constant
        ), None
    except _Twice:
        return None, "a name stands twice in one object"
    except UnicodeDecodeError:
        return None, "not UTF-8"
    except (ValueError, RecursionError):
        return None, "not JSON"


class _Twice(ValueError):
    """Which of the two values counts is anybody's guess."""


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")
