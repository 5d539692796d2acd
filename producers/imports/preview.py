"""What a list would do, counted before anything is sent."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from consentlog.errors import InvalidEvent
from producers.imports.columns import Columns, data_rows
from producers.imports.faults import FaultFile
from producers.imports.rows import Finding, ReadRow, RowReader
from producers.imports.tables import Table

_PARTS: Final = 64
_EVERY: Final = 5000
_FEW: Final = 20
_READ_BY_HAND: Final = 100
"""Rows that cannot be read, and that a person can still look at one by one."""
_ONE_IN: Final = 10


@dataclass(slots=True)
class Preview:
    """Counts over all rows of a list.

    `valid` = the number is one and the row is a refusal or hold; `duplicates` = rows that are the
    same act as an earlier row; `without_zone` = dates without an offset; `quarantined` = rows whose
    number is none; `unreadable` = those, and rows whose action nobody understands: each opens a
    case of its own; `findings` by kind.
    """

    rows: int = 0
    valid: int = 0
    duplicates: int = 0
    without_zone: int = 0
    quarantined: int = 0
    unreadable: int = 0
    findings: Counter[Finding] = field(default_factory=Counter)

    @property
    def would_loosen(self) -> int:
        """Rows that would allow: they change nothing and go to review."""
        return self.findings[Finding.LOOSENS]

    @property
    def has_many_unreadable(self) -> bool:
        """Whether so many rows cannot be read that the list is most likely read wrongly."""
        return are_many(self.unreadable, self.rows)


_READ: Final = frozenset({Finding.LOOSENS, Finding.DATE, Finding.SCOPE})
"""Findings of rows that are read all the same."""


class _Keys:
    """Counts distinct keys: 8 bytes each, sorted part by part, so that a part is soon forgotten."""

    def __init__(self) -> None:
        self._parts = [array("q") for _ in range(_PARTS)]

    def add(self, key: int) -> None:
        self._parts[key % _PARTS].append(key)

    def distinct(self) -> int:
        return sum(len(set(part)) for part in self._parts)


def preview(
    table: Table,
    columns: Columns,
    reader: RowReader,
    faults: FaultFile | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Preview:
    """Read all rows once and count; sends nothing.

    Args:
        table: The list.
        columns: Which cell means what.
        reader: Reads its rows.
        faults: Where odd rows are written, if at all.
        on_progress: Told the number of rows now and then.

    Raises:
        InvalidEvent: `CL-1501` if the list cannot be read to its end.
    """
    found, keys = Preview(), _Keys()
    for number, cells in data_rows(table, columns):
        row = reader.read(cells)
        _count(found, row)
        keys.add(row.key)
        if row.findings and faults is not None:
            faults.add(number, row.findings[0], "", {}, cells)
        if not found.rows % _EVERY:
            on_progress(found.rows)
    found.duplicates = found.rows - keys.distinct()
    return found


def check_numbers(found: Preview) -> None:
    """Check that a list has numbers: the wrong column would open a case for every row.

    Raises:
        InvalidEvent: `CL-1502` if no row of a longer list has one.
    """
    if found.rows >= _FEW and found.quarantined == found.rows:
        raise InvalidEvent("CL-1502", reason=f"none of {found.rows} rows has a valid number")


def are_many(unreadable: int, rows: int) -> bool:
    """Tell whether so many rows cannot be read: more than a hundred, and more than one in ten."""
    return unreadable > _READ_BY_HAND and unreadable * _ONE_IN > rows


def check_readable(found: Preview) -> None:
    """Check that most of a list can be read: each row that cannot would open a case.

    Raises:
        InvalidEvent: `CL-1510` with the counts and what is odd, the commonest first.
    """
    if found.has_many_unreadable:
        kinds = ", ".join(
            f"{kind}: {count:,}"
            for kind, count in found.findings.most_common()
            if kind not in _READ
        )
        count, rows = f"{found.unreadable:,}", f"{found.rows:,}"
        raise InvalidEvent("CL-1510", count=count, rows=rows, kinds=kinds)


def check_zone(found: Preview, zone: str | None) -> None:
    """Check that a zone was named if a date needs one.

    Raises:
        InvalidEvent: `CL-1503`.
    """
    if found.without_zone and zone is None:
        raise InvalidEvent("CL-1503", rows=found.without_zone)


def _count(found: Preview, row: ReadRow) -> None:
    found.rows += 1
    found.without_zone += row.needs_zone
    found.quarantined += row.is_quarantined
    found.unreadable += row.is_quarantined or Finding.ACTION in row.findings
    if row.findings:
        found.findings.update(row.findings)
    if not row.is_quarantined and Finding.LOOSENS not in row.findings:
        found.valid += 1
