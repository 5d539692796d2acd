"""Masks phone numbers wherever text leaves a process: logs, errors, screens.

A number is the one thing that must never be printed whole: `+8613800138000` becomes
`+86138****8000`.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from urllib.parse import unquote

# Any run of 7 or more digits may be a number, whatever stands around it. Times in ms, dates and
# offsets look the same in free text, so they are masked there too: a masked date is a nuisance, a
# printed number is a breach. Only ids and hashes in hex, of exactly their length, IPv4 addresses
# and times of day are told apart.
_ID = r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_ADDRESS = rf"(?<![\d.+])(?:{_OCTET}\.){{3}}{_OCTET}(?!\.?\d)"
_ZONE = r"(?:[+-](?:0\d|1[0-4]):?[0-5]\d)?"
_TIME = rf"(?<!\d)(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{{1,6}})?{_ZONE}(?!\d)"
_KEPT = rf"{_ID}|{_ADDRESS}|{_TIME}"
# All that a normal form (NFKC) makes a digit of: some are written small.
_DIGITS = r"\d\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089"
_DIGIT = f"[{_DIGITS}]"
# What people and programs put between the groups of a number: any spaces and invisible marks,
# hyphens and dashes, underscores, tildes, brackets; plus, for a space in a form. A dot and a stroke
# only where they are no version and no date: between groups of 3 digits and more, in a number that
# begins with plus, and between five pairs and more.
_BETWEEN = (
    r"(?:[^\S\r\n]|[-_~+()\[\]\0\xad\u200b-\u2015\u202a-\u202e\u2060-\u2069\u2212\u223c\u30fc\ufeff"
    r"\uff08\uff09\uff0b\uff0d\uff3b\uff3d\uff3f\uff5e\udca0\udcad]){0,4}"
)
_JOINT = r"[./\uff0e\uff0f]"
_APART = rf"(?:{_BETWEEN}|(?<={_DIGIT}{{3}}){_JOINT}(?={_DIGIT}{{3}}))"
_NUMBER = re.compile(
    rf"(?=[a-f+\uff0b{_DIGITS}])(?:(?P<kept>{_KEPT})"
    rf"|[+\uff0b]{_DIGIT}(?:(?:{_BETWEEN}|{_JOINT})(?!{_KEPT}){_DIGIT}){{6,}}"
    rf"|(?<!\d){_DIGIT}{{2}}(?:{_JOINT}{_DIGIT}{{2}}){{4,}}(?!\d)"
    rf"|{_DIGIT}(?:{_APART}(?!{_KEPT}){_DIGIT}){{6,}})"
)
# Bodies are shown as they came, and any character may be escaped there: in a form (`%20`), in JSON
# (`\u00a0`, `\t`), in bytes that Python shows (`\xc2\xa0`).
_ESCAPED = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|(?:\\x[0-9A-Fa-f]{2})+|\\u[0-9A-Fa-f]{4}|\\[tfv/]", re.ASCII
)
_SHORT = {r"\t": "\t", r"\f": "\f", r"\v": "\v", r"\/": "/"}
_SHOWN_TAIL = 4
_SHOWN_HEAD = 5


def mask(number: str) -> str:
    """Mask one number, keeping what a clerk needs to tell two apart.

    Args:
        number: A phone number in any form.

    Returns:
        Country code and first three digits, `****`, last four; wholly masked if shorter than 8
        digits.
    """
    plain = unicodedata.normalize("NFKC", unquote(number))
    digits = re.sub(r"\D", "", plain)
    if len(digits) <= 7:
        return "****"
    # Capped: two numbers side by side look like one long one, and the first would show whole.
    head = min(len(digits) - _SHOWN_TAIL - 4, _SHOWN_HEAD)
    plus = "+" if plain.lstrip().startswith("+") else ""
    return f"{plus}{digits[:head]}****{digits[-_SHOWN_TAIL:]}"


def mask_text(text: str) -> str:
    """Mask everything in free text that may be a phone number, escaped or not.

    Args:
        text: Any text about to be printed.

    Returns:
        The text with each run of 7 or more digits masked; the time that it takes grows with the
        text's length and no faster.
    """
    if _ESCAPED.search(text):
        text = _masked_escaped(text)
    # Again as it stands: what looks escaped may be a percent sign before a number.
    return _NUMBER.sub(lambda found: found["kept"] or mask(found.group()), text)


def _masked_escaped(text: str) -> str:
    plain, starts = _unescaped(text)
    parts, end = [], 0
    for found in _NUMBER.finditer(plain):
        if found["kept"] is None:
            parts += [text[end : starts[found.start()]], mask(found.group())]
            end = starts[found.end()]
    return "".join([*parts, text[end:]])


def _unescaped(text: str) -> tuple[str, array[int]]:
    """Return a text without escapes, and where each of its characters, and its end, was."""
    parts, starts, end = [], array("L"), 0
    for found in _ESCAPED.finditer(text):
        start = found.start()
        parts.append(text[end:start])
        starts.extend(range(end, start))
        chars, widths = _meant(found.group())
        parts.append(chars)
        for width in widths:
            starts.append(start)
            start += width
        end = found.end()
    parts.append(text[end:])
    starts.extend(range(end, len(text) + 1))
    return "".join(parts), starts


def _meant(escaped: str) -> tuple[str, list[int]]:
    """Return the characters that an escape, or a row of them, stands for, and their widths in it.

    A byte that is no UTF-8 is a character of its own.
    """
    if escaped in _SHORT:
        return _SHORT[escaped], [2]
    if escaped.startswith(r"\u"):
        return chr(int(escaped[2:], 16)), [6]
    mark = "%" if escaped.startswith("%") else r"\x"
    chars = bytes.fromhex(escaped.replace(mark, "")).decode("utf-8", "surrogateescape")
    wide = len(mark) + 2
    return chars, [wide * len(one.encode("utf-8", "surrogateescape")) for one in chars]
