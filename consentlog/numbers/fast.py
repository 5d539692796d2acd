"""The common shapes of a number, read without the library's walk through all that a text may be.

`consentlog.numbers.readings` says what the library would decide. Where its decision is the same for
every choice of the last digits, it is kept for the digits before them; numbers are not kept.
Everything else is None: the library's business.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from consentlog.numbers.readings import WILD, Reading, abroad, at_home, international_prefix

# Plans give out their ranges by the digits before these.
_LAST_DIGITS: Final = 6
_KEPT_STARTS: Final = 1 << 14


def read_common(text: str, region: str | None) -> str | None:
    """Read a number in one of the common shapes.

    Args:
        text: The field after NFKC and trimming.
        region: As for `normalise`.

    Returns:
        The subject that the library would find, or None where only the library can tell.
    """
    if not text[1:].isdecimal():
        # Before or inside a number the library reads over these, whatever their order and count.
        text = text.replace(" ", "").replace("-", "").replace("(", "").replace(")", "")
    last = text[-_LAST_DIGITS:]
    if last.isdecimal() and last.isascii():
        start = _start(text[:-_LAST_DIGITS], region)
        if start is not None:
            return start + last
    return _read_exactly(text, region)


@lru_cache(_KEPT_STARTS)
def _start(head: str, region: str | None) -> str | None:
    """Return the subject's start, if these digits are that of a valid number whatever follows."""
    reading = _reading(head, region)
    found = reading.wild.fullmatch(head + WILD * _LAST_DIGITS) if reading else None
    if reading is None or found is None or WILD in head:
        return None
    begin = found.start("number")
    # A prefix must be dropped at the same place whatever follows.
    dropped = found.groupdict().get("perhaps")
    if begin >= len(head) or (dropped is not None and found.end("perhaps") != begin):
        return None
    return reading.plus + head[begin:]


def _read_exactly(text: str, region: str | None) -> str | None:
    reading = _reading(text, region)
    if reading is None:
        return None
    found = reading.exact.fullmatch(text)
    if found is not None:
        return reading.plus + found["number"]
    prefix = None if text[:1] == "+" else international_prefix(region)
    dialled = prefix.match(text) if prefix else None
    return read_common("+" + text[dialled.end() :], region) if dialled else None


def _reading(text: str, region: str | None) -> Reading | None:
    return abroad(text[1:4]) if text[:1] == "+" else at_home(region)
