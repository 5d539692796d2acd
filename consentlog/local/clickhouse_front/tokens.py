"""Just enough of ClickHouse's lexer to see where words stand: not in strings, comments or names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["word", "quoted", "string", "sign"]


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of SQL: its kind, text (a quoted name without its quotes), place and depth.

    `depth` counts the brackets around it; `start` and `end` are offsets into the text.
    """

    kind: Kind
    text: str
    start: int
    end: int
    depth: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords (given in upper case)."""
        return self.kind == "word" and self.text.upper() in words


_PATTERN: Final = re.compile(
    r"""
      (?P<skip>   \s+ | --[^\n]* | \#[ !][^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<string> '(?:[^'\\]|\\.|'')*(?:'|\Z) | \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z) )
    | (?P<quoted> `(?:[^`\\]|\\.|``)*(?:`|\Z) | "(?:[^"\\]|\\.|"")*(?:"|\Z) )
    | (?P<word>   [^\W\d]\w* )
    | (?P<sign>   \d\w* | . )
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(sql: str) -> Iterator[Token]:
    """Yield the tokens of a text; whitespace and comments are left out."""
    depth = 0
    for match in _PATTERN.finditer(sql):
        kind = match.lastgroup if match.lastgroup != "tag" else "string"
        if match.group("skip") is not None:
            continue
        text = match.group()
        if text in {")", "]"}:
            depth -= 1
        if kind == "quoted":
            text = _unquoted(text)
        yield Token(_kind(match), text, match.start(), match.end(), depth)
        if text in {"(", "["} and kind == "sign":
            depth += 1


def _kind(match: re.Match[str]) -> Kind:
    for kind in ("word", "quoted", "string"):
        if match.group(kind) is not None:
            return kind
    return "sign"


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)|(``)|(\"\")", lambda m: m.group(1) or m.group()[0], text[1:-1])
