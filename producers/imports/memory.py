"""What is remembered of one list between runs: its place in the file, and which rows it had.

A row that a list still has is the same act each time; one that was gone and returns is a new act
(rules of refusal 8). So each row has a generation, and the nonce of its act says which.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consentlog.errors import FatalError

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY, file_sha256 TEXT NOT NULL, terms TEXT NOT NULL,
  rows_done INTEGER NOT NULL, errors_bytes INTEGER NOT NULL, counts TEXT NOT NULL,
  finished INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS members (
  key INTEGER PRIMARY KEY, generation INTEGER NOT NULL, run INTEGER NOT NULL);
"""


@dataclass(slots=True)
class Run:
    """One import of one file; `is_resumed` = an earlier process began it."""

    id: int
    rows_done: int
    errors_bytes: int
    counts: str
    is_resumed: bool


class ListMemory:
    """The memory of one list, in one SQLite file.

    Args:
        connection: Open and held alone.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._db.executescript(_TABLES)

    @property
    def rows_known(self) -> int:
        """How many different rows the list ever had."""
        (count,) = self._db.execute("SELECT count(*) FROM members").fetchone()
        return int(count)

    def begin(self, file_sha256: str, terms: str) -> Run:
        """Begin a run, or go on with the last one if it was this file on these terms.

        Args:
            file_sha256: Of the whole file, hex.
            terms: All that decides what is sent for a row, as text.
        """
        last = self._db.execute(
            "SELECT id, file_sha256, terms, rows_done, errors_bytes, counts, finished FROM runs"
            " ORDER BY id DESC LIMIT 1"
        ).fetchone()
        if last is not None and last[1:3] == (file_sha256, terms) and not last[6]:
            return Run(last[0], last[3], last[4], last[5], is_resumed=True)
        cursor = self._db.execute(
            "INSERT INTO runs (file_sha256, terms, rows_done, errors_bytes, counts, finished)"
            " VALUES (?, ?, 0, 0, '', 0)",
            (file_sha256, terms),
        )
        self._db.commit()
        return Run(cursor.lastrowid or 0, 0, 0, "", is_resumed=False)

    def generations(self, run: Run, keys: Sequence[int]) -> dict[int, int]:
        """Return the generation of each row: one more if the last finished run did not have it.

        The answer is the same until `keep` is called, so a batch that is sent again is the same.
        """
        (finished,) = self._db.execute(
            "SELECT coalesce(max(id), 0) FROM runs WHERE finished AND id < ?", (run.id,)
        ).fetchone()
        marks = ",".join("?" * len(keys))
        known = self._db.execute(
            f"SELECT key, generation + (run < ?) FROM members WHERE key IN ({marks})",  # noqa: S608  # marks only
            (finished, *keys),
        )
        return dict.fromkeys(keys, 0) | dict(known)

    def keep(self, run: Run, generations: Mapping[int, int], *, finished: bool = False) -> None:
        """Keep rows that were answered, and the place that the run has reached, in one step."""
        self._db.executemany(
            "INSERT INTO members (key, generation, run) VALUES (?, ?, ?) ON CONFLICT (key)"
            " DO UPDATE SET generation = excluded.generation, run = excluded.run",
            ((key, generation, run.id) for key, generation in generations.items()),
        )
        self._db.execute(
            "UPDATE runs SET rows_done = ?, errors_bytes = ?, counts = ?, finished = ?"
            " WHERE id = ?",
            (run.rows_done, run.errors_bytes, run.counts, finished, run.id),
        )
        self._db.commit()


def memory_file(directory: Path, list_name: str) -> Path:
    """Return where the memory of a list is kept."""
    return file_of(directory, list_name, "import.sqlite")


def file_of(directory: Path, list_name: str, ending: str) -> Path:
    """Return a file of a list, told apart from other lists' by its name."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", list_name).strip("-.")[:40] or "list"
    told_apart = hashlib.sha256(list_name.encode()).hexdigest()[:8]
    return directory / f"{readable}-{told_apart}.{ending}"


@contextmanager
def list_memory(file: Path, list_name: str) -> Iterator[ListMemory]:
    """Hold the memory of a list; only one process can.

    The file's mode is 0600: short hashes of numbers can be tried out.

    Raises:
        FatalError: `CL-1504` if another process holds it.
    """
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(file, timeout=0.2)
    try:
        try:
            # Exclusive before WAL: no shared memory file, and no second process.
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA cache_size=-16384")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError:
            raise FatalError("CL-1504", list=list_name, file=str(file)) from None
        yield ListMemory(connection)
    finally:
        connection.close()


def nonce_of(list_name: str, generation: int) -> str:
    """Return what names the act of a row beside its content."""
    return list_name if not generation else f"{list_name}#{generation}"
