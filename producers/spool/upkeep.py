"""What an operator does with a spool: look at it, send parked records again, feed a log anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from consentlog.errors import FatalError
from producers.spool.store import FILE, SpoolStore


@dataclass(frozen=True, slots=True)
class Parked:
    """One record that the broker refused for good; its content stays in the file."""

    row: int
    topic: str
    reason: str
    parked_at_ms: int


@dataclass(frozen=True, slots=True)
class Overview:
    """How a spool is; instants are ms UTC, None where there is nothing."""

    waiting: int
    oldest_waiting_ms: int | None
    parked: tuple[Parked, ...]
    delivered: int
    oldest_delivered_ms: int | None


def overview(directory: Path) -> Overview:
    """Look at a spool, also beside the gateway that has it.

    Raises:
        FatalError: `CL-1403` if there is none, or it cannot be read.
    """
    path = (directory / FILE).absolute()
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)) as connection:
            ask = connection.execute
            waiting = ask(
                "SELECT count(*), min(spooled_at_ms) FROM record WHERE state = 0"
            ).fetchone()
            delivered = ask(
                "SELECT count(*), min(settled_at_ms) FROM record WHERE state = 1"
            ).fetchone()
            parked = ask(
                "SELECT id, topic, reason, settled_at_ms FROM record WHERE state = 2 ORDER BY id"
            ).fetchall()
    except sqlite3.Error as exc:
        raise FatalError("CL-1403", directory=directory, reason=str(exc)) from exc
    found = tuple(Parked(*row) for row in parked)
    return Overview(waiting[0], waiting[1], found, delivered[0], delivered[1])


def retry_parked(directory: Path) -> int:
    """Let parked records wait again; the gateway sends them when it starts.

    Returns:
        How many.

    Raises:
        FatalError: `CL-1403` if the gateway has the spool: it would not notice.
    """
    return _let_wait(directory, "state = 2", ())


def feed_again(directory: Path, since_ms: int) -> int:
    """Let delivered records wait again, for a log that lost them; ids make repeats harmless.

    Args:
        directory: Of the spool.
        since_ms: Only what was accepted at or after this instant, ms UTC.

    Returns:
        How many.

    Raises:
        FatalError: `CL-1403` if the gateway has the spool: it would not notice.
    """
    return _let_wait(directory, "state = 1 AND spooled_at_ms >= ?", (since_ms,))


def _let_wait(directory: Path, which: str, values: tuple[int, ...]) -> int:
    if not (directory / FILE).exists():
        raise FatalError("CL-1403", directory=directory, reason="there is none")
    store = SpoolStore(directory)
    try:
        return store.let_wait(which, values)
    except sqlite3.Error as exc:
        raise FatalError("CL-1403", directory=directory, reason=str(exc)) from exc
    finally:
        store.close()
