"""The ClickHouse engine in this process: one data directory, a fresh connection a request.

A connection costs 0.6 ms and keeps settings, database and read-only mode; a new one each time means
that nothing of one request reaches the next.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import chdb.session

from consentlog.errors import FatalError
from consentlog.local.clickhouse_front.failure import from_engine
from consentlog.local.clickhouse_front.request import Ask

# chDB publishes no types for it; `Any` stops in this file.
_open_session: Final[Any] = chdb.session.Session
_PARALLEL: Final = 8
_LOCK_NAME: Final = "front.lock"


class Engine:
    """The engine on one data directory.

    Args:
        directory: Its data; made if missing.

    Raises:
        FatalError: `CL-5010` if another process has this directory.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = _own(directory)
        self._path = str(directory / "store")
        self._gate = threading.BoundedSemaphore(_PARALLEL)
        self._keeper = _open_session(self._path)  # the engine ends with its last connection

    @property
    def version(self) -> str:
        """The engine's version."""
        return str(self._keeper.query("SELECT version()", "TabSeparated").data()).strip()

    def run(self, ask: Ask, *, is_read_only: bool) -> bytes:
        """Run one statement and return its result in the format asked for.

        Raises:
            RequestFailure: With the engine's code and message.
        """
        with self._gate, self._connection(ask, is_read_only=is_read_only) as session:
            if ask.statement.data_format is None:
                return _query(session, ask)
            _insert(session, ask)
            return b""

    def close(self) -> None:
        """Close the last connection and give the directory back."""
        self._keeper.close()
        self._lock.close()

    @contextmanager
    def _connection(self, ask: Ask, *, is_read_only: bool) -> Iterator[Any]:
        session = _open_session(self._path)
        try:
            _prepare(session, ask, is_read_only=is_read_only)
            yield session
        except RuntimeError as exc:  # chDB's own error is one
            raise from_engine(exc) from exc
        finally:
            session.close()


def _prepare(session: Any, ask: Ask, *, is_read_only: bool) -> None:
    if ask.database != "default":
        session.query(f"USE {_name(ask.database)}")
    if is_read_only:
        session.query("SET readonly = 1")
    if ask.settings:
        pairs = ", ".join(f"{name} = {_literal(value)}" for name, value in ask.settings.items())
        session.query(f"SET {pairs}")


def _query(session: Any, ask: Ask) -> bytes:
    result = session.query(
        ask.statement.sql, ask.default_format, params=dict(ask.parameters) or None
    )
    return bytes(result.bytes())


def _insert(session: Any, ask: Ask) -> None:
    """One insert: the engine joins its chunks into blocks, and parts appear at the end only."""
    with session.send_insert(ask.statement.sql, ask.statement.data_format) as stream:
        if ask.statement.data:
            stream.append(ask.statement.data)
        stream.finish()


def _name(text: str) -> str:
    return "`" + text.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _own(directory: Path) -> Any:
    lock = (directory / _LOCK_NAME).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        lock.close()
        raise FatalError("CL-5010", path=directory) from exc
    return lock
