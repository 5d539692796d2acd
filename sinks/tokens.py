"""Tokens of inserts: one for a try, another once rows were lost behind the first.

ClickHouse writes a token down before the rows are in place. Killed in between (it happened in a
test; engine 26.9), it remembers the token of rows that it does not have: the same insert, repeated,
is taken for one that was made, answered well, and dropped. So whoever repeats an insert looks
whether its rows are there, and if not tries with the next token.

That doubles nothing. Both steps happen under one lock of the table, so an answer to the repetition
means that the first try is over; an earlier try that arrives late finds its own token taken.
"""

from __future__ import annotations

from typing import Final

TRIES: Final = 64
"""More of them were lost only if the table was killed as often in the same instant."""


def token_of(what: str, attempt: int) -> str:
    """Return the token of one try, from 0 on; the same for whoever makes it.

    Args:
        what: Names place and content.
        attempt: Which try.
    """
    return what if attempt == 0 else f"{what}/again-{attempt}"
