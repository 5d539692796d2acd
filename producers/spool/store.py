"""The spool's file: SQLite, one connection that writes, one that reads.

WAL with `synchronous=FULL`: a commit returns after the log of changes was written to disk (fsync),
so what is answered after it survives a killed process and a power cut. The file holds numbers:
directory 0700, file 0600, and one process at a time.

Source: SQLite's documentation, "PRAGMA synchronous" and "Write-Ahead Logging".
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from consentlog.errors import FatalError
from producers.spool.record import Mark, Row, RowState
from producers.spool.statements import COLUMNS, SCHEMA, chunks, insert, settle, told_of

FILE: Final = "spool.sqlite3"
_LOCK: Final = "spool.lock"
_VERSION: Final = 1
_PROBE_BYTES: Final = 256 * 1024

_SIZE: Final = "length(key) + length(value) + length(headers)"


class Backlog(NamedTuple):
    """What is not in the log: waiting and parked records, and the bytes of both together."""

    waiting: int
    parked: int
    size: int


class SpoolStore:
    """The spool of one directory; nobody else has it until `close`.

    Args:
        directory: Made if missing.

    Raises:
        FatalError: `CL-1403` if the directory cannot be used, or another process has it.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._writing: sqlite3.Connection | None = None
        try:
            self._lock = _own(directory)
            _make(self._path)
            self._writing = self._connect()
            _prepare(self._writing)
            self._reading = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
        except (OSError, sqlite3.Error) as exc:
            raise FatalError("CL-1403", directory=directory, reason=str(exc)) from exc

    def close(self) -> None:
        """Give the spool up."""
        self._reading.close()
        self._give_up_writing()
        os.close(self._lock)

    def commit(self, rows: Sequence[Row], marks: Sequence[Mark], *, probe: bool = False) -> None:
        """Write new records and what became of older ones; durable when it returns.

        Args:
            rows: With ids that were never given before.
            marks: What became of records written earlier.
            probe: Write 256 KiB beside them, to learn whether the disk has room again: on a full
                one a small write may still find some.

        Raises:
            sqlite3.Error: If nothing of it can be relied on. The next call starts with a fresh
                connection: after a failed write, what the old one believes is worth nothing.
        """
        try:
            if self._writing is None:
                self._writing = self._connect()
            _write(self._writing, rows, marks, probe=probe)
        except sqlite3.Error:
            self._give_up_writing()
            raise

    def prune(self, before_ms: int, limit: int) -> int:
        """Delete the oldest records that were delivered before an instant.

        Args:
            before_ms: Gateway's clock, ms UTC.
            limit: Most records to delete at once.

        Returns:
            How many were deleted.

        Raises:
            sqlite3.Error: As `commit`.
        """
        old = f"SELECT id FROM record WHERE state = {RowState.DELIVERED:d} ORDER BY id LIMIT ?"  # noqa: S608  # a number of our own
        sql = f"DELETE FROM record WHERE id IN ({old}) AND settled_at_ms < ?"  # noqa: S608  # as above
        try:
            if self._writing is None:
                self._writing = self._connect()
            return self._writing.execute(sql, (limit, before_ms)).rowcount
        except sqlite3.Error:
            self._give_up_writing()
            raise

    def let_wait(self, which: str, values: tuple[int, ...]) -> int:
        """Let settled records wait again.

        Args:
            which: A condition of our own making, never of a caller's.
            values: For the places in it.

        Returns:
            How many there are.

        Raises:
            sqlite3.Error: If none of them could be changed.
        """
        assert self._writing is not None  # noqa: S101  # nothing failed since the start
        return self._writing.execute(
            "UPDATE record SET state = 0, settled_at_ms = NULL, kafka_partition = NULL,"  # noqa: S608  # as above
            f" kafka_offset = NULL, reason = NULL WHERE {which}",
            values,
        ).rowcount

    def last_id(self) -> int:
        """Return the highest id given so far; 0 if none was."""
        return int(self._reading.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()[0])

    def tips(self) -> dict[str, int]:
        """Return the highest id that waits, by topic."""
        sql = "SELECT topic, max(id) FROM record WHERE state = 0 GROUP BY topic"
        return dict(self._reading.execute(sql).fetchall())

    def page(self, topic: str, after: int, through: int, limit: int) -> list[Row]:
        """Return records that wait, in the order of acceptance.

        Args:
            topic: Without prefix.
            after: Only ids above it.
            through: And not above this.
            limit: Most to return.
        """
        sql = (
            f"SELECT {COLUMNS} FROM record WHERE state = 0 AND topic = ?"  # noqa: S608  # columns of our own
            " AND id > ? AND id <= ? ORDER BY id LIMIT ?"
        )
        return [Row(*found) for found in self._reading.execute(sql, (topic, after, through, limit))]

    def backlog(self) -> Backlog:
        """Count what is not in the log."""
        waiting, parked = (
            self._reading.execute(
                f"SELECT count(*), coalesce(sum({_SIZE}), 0) FROM record WHERE state = {state:d}"  # noqa: S608  # a number of our own
            ).fetchone()
            for state in (RowState.WAITING, RowState.PARKED)
        )
        return Backlog(waiting[0], parked[0], waiting[1] + parked[1])

    def oldest_ms(self, topics: Iterable[str]) -> int | None:
        """Return when the oldest waiting record was spooled, ms UTC; None if none waits.

        Args:
            topics: Without prefix.
        """
        sql = (
            "SELECT spooled_at_ms FROM record WHERE id ="
            " (SELECT min(id) FROM record WHERE state = 0 AND topic = ?)"
        )
        found = [self._reading.execute(sql, (topic,)).fetchone() for topic in topics]
        return min((row[0] for row in found if row), default=None)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone stops at the disk's cache
        return connection

    def _give_up_writing(self) -> None:
        if self._writing is not None:
            with suppress(sqlite3.Error):
                self._writing.close()
        self._writing = None


def _write(
    connection: sqlite3.Connection, rows: Sequence[Row], marks: Sequence[Mark], *, probe: bool
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if probe:
        connection.execute("REPLACE INTO probe VALUES (1, randomblob(?))", (_PROBE_BYTES,))
    for new in chunks(rows):
        connection.execute(insert(len(new)), [value for row in new for value in row])
    for told in chunks(marks):
        connection.execute(settle(len(told)), [value for mark in told for value in told_of(mark)])
    connection.execute("COMMIT")


def _own(directory: Path) -> int:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    lock = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    # The new directory's own name must survive a power cut, or everything in it is gone with it.
    parent = os.open(directory.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
    return lock


def _make(path: Path) -> None:
    """Make the file, for SQLite would make it readable as the umask says.

    Only before the first connection: closing any other descriptor of the file would release the
    locks that SQLite's connections of this process hold, and another process could then take the
    log of changes away from under them (SQLite, "How To Corrupt An SQLite Database File", 2.2).
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)


def _prepare(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
    elif version != _VERSION:
        raise sqlite3.DatabaseError(f"the file is of version {version}, not {_VERSION}")
