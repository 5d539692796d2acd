"""Cuts a migration file into statements, because the HTTP interface takes one at a time."""

from __future__ import annotations

import re
from typing import Final

_PIECE: Final = re.compile(
    r"""(?P<quoted>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)"""
    r"|(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<end>;)|(?P<other>.)",
    re.DOTALL,
)


def split_statements(sql: str) -> list[str]:
    """Cut SQL at the semicolons that stand outside of quotes and comments.

    Args:
        sql: Any number of statements.

    Returns:
        Statements without comments and closing semicolon; none is blank.
    """
    statements, current = [], ""
    for piece in _PIECE.finditer(sql):
        if piece["end"]:
            statements.append(current)
            current = ""
        elif piece["comment"]:
            current += " "
        else:
            current += piece.group()
    return [text.strip() for text in (*statements, current) if text.strip()]
