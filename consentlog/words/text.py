"""A message in the forms that keywords and phrases are compared with; the raw text is evidence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_STRAIGHT: Final = str.maketrans("‘’‛“”„′″`´", "'''\"\"\"'\"''")
_UNKNOWN: Final = frozenset({"Cn", "Co", "Cs"})
_LINES: Final = re.compile(r"[\r\n\u2028\u2029\x0b\x0c\x85]+")
_SPACES: Final = re.compile(r"\s+")
_HAN: Final = "\u2e80-\u2fdf\u3005\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_SPACE: Final = re.compile(f"(?<=[{_HAN}]) | (?=[{_HAN}])")
_APOSTROPHE: Final = re.compile(r"(?<=[A-Z])'(?=[A-Z])")
_DRAWN_OUT: Final = re.compile(r"([A-Z])\1{2,}")
_SOFT: Final = "\"'()\\[\\]{}【】「」『』《》〈〉&/@#$%+*_-"

BOUNDARY: Final = f"[^\\w\\s{_SOFT}]"
"""Regex of one character that ends a clause: any mark, sign or emoji but brackets and quotes."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `whole` for keywords, `running` for phrases.

    `whole` is NFKC, straight quotes, no zero-width characters, simplified characters, upper case,
    single spaces, nothing around it. `running` keeps inner and outer marks, has no spaces beside
    Chinese characters, no apostrophes within words (`DONT`), no drawn-out letters (`STOPPPP`).
    """

    raw: str
    whole: str
    running: str


def read(text: str, simplified: Mapping[int, str]) -> Message:
    """Bring a message into both forms.

    Args:
        text: The message as it came; lone surrogates are allowed.
        simplified: Traditional code points and their simplified characters.
    """
    plain = _visible(unicodedata.normalize("NFKC", text).translate(_STRAIGHT))
    upper = plain.translate(simplified).upper()
    lines = _SPACES.sub(" ", _LINES.sub(";", upper.strip()))
    running = _HAN_SPACE.sub("", lines)
    running = _DRAWN_OUT.sub(r"\1", _APOSTROPHE.sub("", running))
    return Message(text, bare(_SPACES.sub(" ", upper)), running)


def bare(text: str) -> str:
    """Take spaces, marks, brackets and signs off both ends."""
    start, end = 0, len(text)
    while start < end and _is_outer(text[start]):
        start += 1
    while end > start and _is_outer(text[end - 1]):
        end -= 1
    return text[start:end]


def has_symbols(text: str) -> bool:
    """Tell whether a message has signs of their own meaning in it, such as emoji.

    Characters that this Python's Unicode does not know yet count: the newest emoji are among them.
    """
    plain = unicodedata.normalize("NFKC", text)
    if plain.isalnum():
        return False
    return any(
        (found := unicodedata.category(char))[0] == "S" or found in _UNKNOWN for char in plain
    )


def _visible(text: str) -> str:
    if text.isascii():
        return text
    return "".join(char for char in text if not _is_invisible(char))


def _is_invisible(char: str) -> bool:
    # Zero-width characters, and what makes an emoji of a digit or letter: variation, keycap.
    return unicodedata.category(char) in {"Cf", "Me"} or "\ufe00" <= char <= "\ufe0f"


def _is_outer(char: str) -> bool:
    return char == " " or unicodedata.category(char)[0] in "PSZC"
