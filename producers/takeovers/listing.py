"""A list of consents, read the same way each time: looked over, proposed, and sent in batches.

What is sent after the approval is what was looked over before it, so both come out of one reading.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from consentlog.errors import InvalidEvent
from consentlog.wire.instants import write_utc
from producers.imports.columns import Columns, data_rows
from producers.imports.faults import FaultFile
from producers.imports.tables import Table
from producers.takeovers.manifest import MAX_ROWS, canonical, digest_of
from producers.takeovers.reading import Consent, ConsentReader, Fault, Faulty

_MAX_BYTES: Final = 900_000
"""Of a batch; the gateway takes 1 MiB, with the manifest in it."""
_EVERY: Final = 1000


class Line(NamedTuple):
    """One consent of a list: where it stands, the row as it is, and what is sent."""

    number: int
    cells: list[str]
    row: dict[str, Any]


@dataclass(slots=True)
class Look:
    """What a list holds: `repeated` rows are the same consent as an earlier row."""

    rows: int = 0
    consents: int = 0
    repeated: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    first_ms: int | None = None
    last_ms: int | None = None
    batches: list[str] = field(default_factory=list)

    def manifest(self, list_name: str, entity: str, file_sha256: str) -> dict[str, Any]:
        """Return what a second person approves.

        Raises:
            InvalidEvent: `CL-1502` if the list has no consent at all.
        """
        if self.first_ms is None or self.last_ms is None:
            raise InvalidEvent("CL-1502", reason="no row of the list is a consent with its proof")
        return {
            "list": list_name,
            "entity": entity,
            "rows": self.consents,
            "file_sha256": file_sha256,
            "first_at": write_utc(self.first_ms),
            "last_at": write_utc(self.last_ms),
            "batches": self.batches,
        }


class Listing:
    """A list that can be read as often as needed.

    Args:
        table: The list.
        columns: Which cell means what.
        reader: Reads its rows.
    """

    def __init__(self, table: Table, columns: Columns, reader: ConsentReader) -> None:
        self._table = table
        self._columns = columns
        self._reader = reader

    def look(self, faults: FaultFile, on_progress: Callable[[int], None] = lambda _: None) -> Look:
        """Read the list, count, and write the rows that are no consents into a file.

        Raises:
            InvalidEvent: `CL-1501` if it cannot be read to its end.
        """
        found = Look()
        for batch in self._batches(found, faults, on_progress):
            found.batches.append(digest_of([line.row for line in batch]))
        return found

    def batches(self) -> Iterator[list[Line]]:
        """Yield the consents in the batches of the manifest."""
        return self._batches(Look(), None, lambda _: None)

    def _batches(
        self, found: Look, faults: FaultFile | None, on_progress: Callable[[int], None]
    ) -> Iterator[list[Line]]:
        batch: list[Line] = []
        size = 0
        for line in self._lines(found, faults, on_progress):
            length = len(canonical(line.row)) + 1
            if len(batch) == MAX_ROWS or (batch and size + length > _MAX_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(line)
            size += length
        if batch:
            yield batch

    def _lines(
        self, found: Look, faults: FaultFile | None, on_progress: Callable[[int], None]
    ) -> Iterator[Line]:
        known: dict[bytes, bytes] = {}
        for number, cells in data_rows(self._table, self._columns):
            found.rows += 1
            if not found.rows % _EVERY:
                on_progress(found.rows)
            read = self._reader.read(cells)
            once = self._once(read, known, found) if isinstance(read, Consent) else read
            if isinstance(once, Consent):
                _count(found, once)
                yield Line(number, cells, once.row)
            elif once is not None:
                found.faults[once.fault] += 1
                if faults is not None:
                    faults.add(number, once.fault, once.detail, {}, cells)

    def _once(
        self, read: Consent, known: dict[bytes, bytes], found: Look
    ) -> Consent | Faulty | None:
        """Tell a consent that stands twice; told in two ways it would block its number."""
        act, content = _names_of(read)
        earlier = known.setdefault(act, content)
        if earlier is content:
            return read
        if earlier != content:
            return Faulty(Fault.TWICE, "another row has the same number, reference and scope")
        found.repeated += 1
        return None


def _count(found: Look, read: Consent) -> None:
    found.consents += 1
    found.first_ms = min(read.at_ms, found.first_ms or read.at_ms)
    found.last_ms = max(read.at_ms, found.last_ms or read.at_ms)


_OF_THE_ACT: Final = ("evidence_ref", "brand", "campaign", "purpose", "channel")


def _names_of(read: Consent) -> tuple[bytes, bytes]:
    """Return what names the act, and what all of it says, 8 bytes each."""
    act = [read.subject, *(read.row.get(name, "") for name in _OF_THE_ACT)]
    content = {**read.row, "number": read.subject}
    return _short(act), _short(content)


def _short(value: object) -> bytes:
    return hashlib.blake2b(canonical(value), digest_size=8).digest()
