"""Sessions that their clerks ended: a cookie that somebody copied is good for nothing then.

A session says itself until when it lasts, so an end is kept only that long. It is known in memory
at once and written down beside the spool, to outlast a restart of the gateway.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

from consentlog.observability.logging import get_logger
from consentlog.ports import Clock

FILE: Final = "desk-sessions.sqlite"
MOST: Final = 100_000
"""Ends that are remembered; beyond them the session goes first that is over soonest anyway."""

_TABLE: Final = "CREATE TABLE IF NOT EXISTS ended (id TEXT PRIMARY KEY, until_ms INTEGER NOT NULL)"
_WAIT_S: Final = 5.0

log = get_logger(__name__)


class EndedSessions:
    """Remembers which sessions were ended; belongs to one event loop.

    A disk that does not take it, or gives it back damaged, stops nobody from recording a refusal:
    ends hold until the next restart then, and the log says so.

    Args:
        clock: Until when an end has to be kept.
        file: Of this gateway alone; None = they are kept in memory only.
        most: How many are remembered.
    """

    def __init__(self, clock: Clock, file: Path | None = None, most: int = MOST) -> None:
        self._clock = clock
        self._file = file
        self._most = most
        self._until_ms: dict[str, int] = {}

    def start(self) -> None:
        """Read what an earlier process wrote down; its directory has to be there."""
        if self._file is None:
            return
        try:
            with closing(self._open(self._file)) as db:
                rows = db.execute(
                    "SELECT id, until_ms FROM ended WHERE until_ms > ?"
                    " ORDER BY until_ms DESC LIMIT ?",
                    (self._clock.now_ms(), self._most),
                )
                self._until_ms.update(rows)
        except (OSError, sqlite3.Error):
            log.exception("ended_sessions_not_read", file=str(self._file))

    def has(self, session_id: str) -> bool:
        """Tell whether a session was ended."""
        return session_id in self._until_ms

    async def end(self, session_id: str, until_ms: int) -> None:
        """End a session; it is over at once, and for good when this returns.

        Args:
            session_id: Which one.
            until_ms: When it would have been over, ms UTC.
        """
        now_ms = self._clock.now_ms()
        self._until_ms[session_id] = until_ms
        over = [one for one, until in self._until_ms.items() if until <= now_ms]
        if len(self._until_ms) - len(over) > self._most:
            over.append(min(self._until_ms, key=self._until_ms.__getitem__))
        for one in over:
            self._until_ms.pop(one, None)
        if self._file is not None:
            await asyncio.to_thread(self._write, self._file, session_id, until_ms, over)

    def _write(self, file: Path, session_id: str, until_ms: int, over: Iterable[str]) -> None:
        try:
            with closing(self._open(file)) as db, db:
                db.execute("INSERT OR REPLACE INTO ended VALUES (?, ?)", (session_id, until_ms))
                db.executemany("DELETE FROM ended WHERE id = ?", ((one,) for one in over))
        except (OSError, sqlite3.Error):
            log.exception("ended_session_not_kept", file=str(file))

    def _open(self, file: Path) -> sqlite3.Connection:
        # For each use: clerks leave seldom, and whoever holds no file open loses none.
        file.touch(mode=0o600)
        db = sqlite3.connect(file, timeout=_WAIT_S)
        db.execute(_TABLE)
        return db
