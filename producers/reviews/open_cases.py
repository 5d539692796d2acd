"""Open cases, on disk: a list that is read wrongly opens a million of them, each with its row.

The file is a copy of what the review topic says, made anew by every process: nothing has to outlast
one, so nothing is synced. It holds numbers: mode 0600.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any, Final

from consentlog.errors import TransientError
from consentlog.wire.reviews import decode_review
from producers.reviews.case import Case, Kind, Place

FILE: Final = "reviews.sqlite3"
_SCHEMA: Final = (
    "CREATE TABLE open_case (id INTEGER PRIMARY KEY, review_id BLOB NOT NULL UNIQUE,"
    " kind INTEGER NOT NULL, opened_at_ms INTEGER NOT NULL, value BLOB NOT NULL)",
    "CREATE INDEX by_age ON open_case (kind, opened_at_ms, review_id)",
)
_CASE: Final = "SELECT kind, value FROM open_case WHERE review_id = ?"
_KIND: Final = "SELECT kind FROM open_case WHERE review_id = ?"
_PRAGMAS: Final = (
    # In memory a statement that failed, on a full disk for example, is undone; and no file is left.
    "journal_mode = MEMORY",
    "synchronous = OFF",
    "locking_mode = EXCLUSIVE",
    "cache_size = -4096",
)
_FIRST: Final = Place(-(1 << 63), b"")


class OpenCases:
    """The open cases of one process; whoever uses it sees to it that one thread does at a time.

    Cases are found by their id, and in the order of age by their kind; there are few kinds, and how
    many cases are of each is known without looking.

    Every method raises `TransientError` (`CL-1809`, 503) if the disk does not do it; it changed
    nothing then.

    Args:
        file: Made anew when it is first needed, in a directory that has to be there; None = memory.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._db: sqlite3.Connection | None = None
        self._kinds: list[Kind] = []
        self._ids: dict[Kind, int] = {}
        self._counts: Counter[int] = Counter()

    def close(self) -> None:
        """Forget every case, and take the file away."""
        if self._db is not None:
            self._db.close()
            self._db = None
            if self._file is not None:
                self._file.unlink(missing_ok=True)

    def counts(self) -> Mapping[Kind, int]:
        """Return how many cases are open, by kind; without kinds that have none."""
        return {self._kinds[id_]: count for id_, count in self._counts.items() if count}

    def add(self, case: Case, value: bytes) -> None:
        """Keep a case; one that is here stays as it is.

        Args:
            case: The case.
            value: The event that opened it, as it lies in the log.
        """
        opened, kind = case.opened, self._id_of(case.kind)
        sql = "INSERT OR IGNORE INTO open_case VALUES (NULL, ?, ?, ?, ?)"
        with self._disk() as db:
            done = db.execute(sql, (opened.review_id, kind, opened.opened_at_ms, value))
        self._counts[kind] += done.rowcount

    def find(self, review_id: bytes) -> Case | None:
        """Return a case, None if it is not open."""
        with self._disk() as db:
            found = self._one(db, _CASE, review_id)
        return None if found is None else self._case(*found)

    def assign(self, review_id: bytes, owner: str) -> None:
        """Give a case to somebody; nothing if it is not open."""
        with self._disk() as db:
            found = self._one(db, _KIND, review_id)
            if found is None:
                return
            before = found[0]
            after = self._id_of(self._kinds[before]._replace(owner=owner))
            db.execute("UPDATE open_case SET kind = ? WHERE review_id = ?", (after, review_id))
        self._counts[before] -= 1
        self._counts[after] += 1

    def remove(self, review_id: bytes) -> Kind | None:
        """Forget a case; returns of which kind it was, None if it is not open."""
        with self._disk() as db:
            found = self._one(db, _KIND, review_id)
            db.execute("DELETE FROM open_case WHERE review_id = ?", (review_id,))
        if found is None:
            return None
        kind: int = found[0]
        self._counts[kind] -= 1
        return self._kinds[kind]

    def page(self, wanted: Callable[[Kind], bool], after: Place | None, most: int) -> list[Case]:
        """Return the oldest cases of some kinds, the oldest first.

        Args:
            wanted: Tells whether a kind is meant.
            after: Begin behind this place, whether or not a case stands there still.
            most: How many to return.
        """
        kinds = [self._ids[kind] for kind in self.counts() if wanted(kind)]
        behind = after or _FIRST
        with self._disk() as db:
            places = merge(*(_places(db, kind, behind, most) for kind in kinds))
            found = [self._one(db, _CASE, review_id) for _, review_id in islice(places, most)]
        return [self._case(*one) for one in found if one is not None]

    def oldest_ms(self, kind: Kind) -> int | None:
        """Return when the oldest case of a kind was opened, ms UTC; None if there is none."""
        with self._disk() as db:
            sql = "SELECT MIN(opened_at_ms) FROM open_case WHERE kind = ?"
            (found,) = self._one(db, sql, self._ids[kind]) or (None,)
        return None if found is None else int(found)

    def count_before(self, kind: Kind, at_ms: int) -> int:
        """Count cases of a kind that were opened before an instant, ms UTC."""
        with self._disk() as db:
            sql = "SELECT COUNT(*) FROM open_case WHERE kind = ? AND opened_at_ms < ?"
            (found,) = self._one(db, sql, self._ids[kind], at_ms) or (0,)
        return int(found)

    def _id_of(self, kind: Kind) -> int:
        found = self._ids.setdefault(kind, len(self._kinds))
        if found == len(self._kinds):
            self._kinds.append(kind)
        return found

    def _case(self, kind: int, value: bytes) -> Case:
        return Case(decode_review(value), self._kinds[kind].owner)

    @contextmanager
    def _disk(self) -> Iterator[sqlite3.Connection]:
        try:
            if self._db is None:
                self._db = _made(self._file)
            yield self._db
        except (OSError, sqlite3.Error) as exc:
            raise TransientError("CL-1809", reason=str(exc)) from exc

    @staticmethod
    def _one(db: sqlite3.Connection, sql: str, *values: Any) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = db.execute(sql, values).fetchone()
        return found


def _places(db: sqlite3.Connection, kind: int, behind: Place, most: int) -> Iterator[Place]:
    """Yield places of one kind in order; none is read that nobody asks for."""
    sql = (
        "SELECT opened_at_ms, review_id FROM open_case WHERE kind = ?"
        " AND (opened_at_ms, review_id) > (?, ?) ORDER BY opened_at_ms, review_id LIMIT ?"
    )
    return (Place(*row) for row in db.execute(sql, (kind, *behind, most)))


def _made(file: Path | None) -> sqlite3.Connection:
    """Make an empty store; what an earlier process left of it goes."""
    if file is not None:
        file.unlink(missing_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    name = ":memory:" if file is None else file
    db = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
    for pragma in _PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
    for statement in _SCHEMA:
        db.execute(statement)
    return db
