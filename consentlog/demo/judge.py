"""Compares what came out with what must, and says every difference; numbers stay masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from consentlog.demo.history import HistoryRow
from consentlog.demo.player import Played
from consentlog.demo.script import Contact, ExpectedRow, Outcome


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that came out otherwise than it must."""

    where: str
    expected: str
    found: str


def judge_answer(played: Played) -> list[Difference]:
    """Compare the answer to a step: status, problems, holds, review ids, a vendor's JSON."""
    step, expect = played.step, played.step.expect
    pairs: list[tuple[str, object, object]] = [("status", expect.status, played.status)]
    if played.items and played.status is not None and len(expect.problems) == 1:
        pairs.append(("problems", set(expect.problems), set(played.codes)))
    elif len(expect.problems) > 1:
        pairs.append(("problems", expect.problems, played.codes))
    if expect.body is not None:
        pairs.append(("answer", expect.body, played.body))
    if expect.held:
        pairs.append(("held", True, all(item.get("held") for item in played.items)))
    if played.status is not None:
        wanted = _reviewed(played)
        pairs.append(("review ids", wanted, tuple(bool(found) for found in played.review_ids)))
    return [
        Difference(f"{step.name}: {what}", _say(expected), _say(found))
        for what, expected, found in pairs
        if expected != found
    ]


def judge_verdicts(
    when: str, expected: Iterable[ExpectedRow], found: Mapping[Contact, Outcome]
) -> list[Difference]:
    """Compare the verdicts and reason codes of a whole call list.

    Args:
        when: `before` or `after`: which column counts.
        expected: The table.
        found: What the gate answered; a contact of only one side is a difference too.
    """
    rows = {row.contact: row.before if when == "before" else row.after for row in expected}
    return [
        Difference(f"{when}: {contact}", str(rows.get(contact, "-")), str(found.get(contact, "-")))
        for contact in {**rows, **found}
        if rows.get(contact) != found.get(contact)
    ]


def judge_history(
    expected: Iterable[ExpectedRow], rows: Sequence[HistoryRow], ends: Mapping[int, int]
) -> list[Difference]:
    """Compare the history with the table number by number, and with the log offset by offset.

    Args:
        expected: The table.
        rows: The whole history in log order.
        ends: Next offset of each partition of the log.
    """
    wanted = {row.contact.number: row.history for row in expected}
    found = histories(rows)
    differences = [
        Difference(f"history of {number}", _words(wanted.get(number)), _words(found.get(number)))
        for number in {**wanted, **found}
        if wanted.get(number, ()) != found.get(number, ())
    ]
    for partition, end in ends.items():
        offsets = [row.offset for row in rows if row.partition == partition]
        if offsets != list(range(end)):
            where = f"history of partition {partition}"
            differences.append(Difference(where, f"offsets 0..{end - 1} once", str(offsets)))
    return differences


def judge_tokens(played: Iterable[Played], rows: Iterable[HistoryRow]) -> list[Difference]:
    """Compare each token that was handed out with what the history has at that place."""
    ids = {row.token: row.event_id for row in rows}
    return [
        Difference(f"{one.step.name}: {token} in the history", event_id or "-", str(ids.get(token)))
        for one in played
        for token, event_id in one.tokens
        if token not in ids or (event_id is not None and ids[token] != event_id)
    ]


def judge_reviews(played: Iterable[Played], found: Iterable[str]) -> list[Difference]:
    """Compare the review ids that were answered, and records that nobody can read, with the topic.

    Args:
        played: All steps.
        found: Review ids (hex), and the tokens of the records that reviews name.
    """
    known = set(found)
    wanted = [
        (one.step.name, name)
        for one in played
        for name in (
            [token for token, _ in one.tokens]
            if one.status is None
            else [review for review in one.review_ids if review]
        )
    ]
    return [
        Difference(f"{step}: review", name, "none") for step, name in wanted if name not in known
    ]


def histories(rows: Iterable[HistoryRow]) -> dict[str, tuple[str, ...]]:
    """Return each number's history (masked) in the words of the expected table."""
    found: dict[str, list[str]] = {}
    seen: set[tuple[str, str | None]] = set()
    for row in rows:
        again = row.event_id is not None and (row.number, row.event_id) in seen
        seen.add((row.number, row.event_id))
        found.setdefault(row.number, []).append(f"{row.what}{'=' if again else ''}")
    return {number: tuple(words) for number, words in found.items()}


def _reviewed(played: Played) -> tuple[bool, ...]:
    """A review id belongs to every problem, and to a hold made of an unknown scope."""
    return tuple(bool(code) or played.step.expect.review for code in played.codes)


def _words(words: Sequence[str] | None) -> str:
    return " ".join(words or ()) or "nothing"


def _say(value: object) -> str:
    return str(value) if not isinstance(value, set) else ", ".join(sorted(map(str, value)))
