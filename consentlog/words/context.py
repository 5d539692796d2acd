"""What makes a phrase no clear refusal: it is quoted, negated or asked about."""

from __future__ import annotations

import re
from typing import Final

from consentlog.words.lexicon import Found, Marks
from consentlog.words.text import BOUNDARY, Message

_BOUNDARY: Final = re.compile(BOUNDARY)
_QUOTED: Final = re.compile(
    r"\"[^\"]*\"|「[^」]*」|『[^』]*』|«[^»]*»|《[^》]*》|(?<!\w)'[^']*'(?!\w)"
)
_LONGEST_DENIAL: Final = 40


def doubt(found: Found, message: Message, marks: Marks) -> str | None:
    """Say why a phrase is no clear refusal, or None if it is one.

    Args:
        found: The phrase and its place.
        message: The message.
        marks: Expressions that raise a doubt.

    Returns:
        `quoted`, `negated` or `question`.
    """
    text = message.running
    start, end = _clause(text, found)
    if _is_quoted(found, text, start, marks):
        return "quoted"
    if _is_denied(text, start, found, marks):
        return "negated"
    if _is_question(text, start, end, marks):
        return "question"
    return None


def _clause(text: str, found: Found) -> tuple[int, int]:
    start = 0
    for mark in _BOUNDARY.finditer(text, 0, found.start):
        start = mark.end()
    after = _BOUNDARY.search(text, found.end)
    return start, after.start() if after else len(text)


def _is_quoted(found: Found, text: str, start: int, marks: Marks) -> bool:
    for quote in _QUOTED.finditer(text):
        inside = quote.start() < found.start and found.end < quote.end()
        if inside and re.search(r"\w", text[: quote.start()] + text[quote.end() :]):
            return True
    if marks.reports.search(_announcement(text, start) + text[start : found.start]):
        return True
    return any(
        match.start() <= found.end and match.end() > found.start
        for match in marks.instructions.finditer(text)
    )


def _announcement(text: str, start: int) -> str:
    """Return the clause that a colon ties to this one: `he said: stop calling`."""
    if text[start - 1 : start] != ":":
        return ""
    marks = [mark.end() for mark in _BOUNDARY.finditer(text, 0, start - 1)]
    return text[marks[-1] if marks else 0 : start - 1]


def _is_denied(text: str, start: int, found: Found, marks: Marks) -> bool:
    """Tell whether a denial ends right before the phrase, in its clause."""
    end = len(text[: found.start].rstrip())
    first = max(start, end - _LONGEST_DENIAL)
    return marks.denials.search(text, first, end) is not None


def _is_question(text: str, start: int, end: int, marks: Marks) -> bool:
    clause = text[start:end]
    if marks.asks.search(clause):
        return True
    doubtful = text[end : end + 1] == "?" or marks.doubts.search(clause) is not None
    return doubtful and marks.pleas.search(clause) is None
