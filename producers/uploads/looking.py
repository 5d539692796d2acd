"""Looks a list over as `consentlog import` does, and says what it would do."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from consentlog.errors import InvalidEvent
from producers.imports.columns import Columns, columns_of
from producers.imports.faults import FaultFile
from producers.imports.preview import check_numbers, preview
from producers.imports.rows import RowReader
from producers.imports.tables import Row, Table, open_table
from producers.imports.terms import says_whom
from producers.imports.xlsx import MAX_UNPACKED_BYTES, open_archive, unreadable
from producers.uploads.upload import State, Upload

MAX_TEXTS_BYTES: Final = 256 << 20
"""Of the texts that a workbook's cells share: these are held in memory."""
_PAUSE_ROWS: Final = 100
_PAUSE_S: Final = 0.0005


@dataclass(frozen=True, slots=True)
class PacedTable:
    """A list whose reader lets everybody else have the processor, every few milliseconds."""

    table: Table

    @property
    def description(self) -> str:
        """How it is read."""
        return self.table.description

    @property
    def is_spreadsheet(self) -> bool:
        """Whether dates may stand in it as counts of days."""
        return self.table.is_spreadsheet

    @property
    def since_1904(self) -> bool:
        """Whether those days count from 1904."""
        return self.table.since_1904

    def rows(self) -> Iterator[Row]:
        """Yield every row from the first."""
        for at, row in enumerate(self.table.rows()):
            if not at % _PAUSE_ROWS:
                time.sleep(_PAUSE_S)
            yield row


@dataclass(frozen=True, slots=True)
class Opened:
    """A list that can be read, and which cell of it means what."""

    table: Table
    columns: Columns
    reader: RowReader


def open_list(upload: Upload, path: Path) -> Opened:
    """Open a list on its terms.

    Raises:
        InvalidEvent: `CL-1501` if it cannot be read, `CL-1502` if its columns are not clear.
    """
    try:
        _check_unpacked(path)
        table = PacedTable(open_table(path, sheet=upload.sheet or None))
        columns = columns_of(table, upload.told)
    except InvalidEvent as error:
        raise told_of(upload, error) from None
    if not says_whom(upload.about, columns.places):
        raise InvalidEvent(
            "CL-1502", reason="none says whom a row refuses, and no company was chosen"
        )
    return Opened(table, columns, RowReader(columns, upload.about, table))


def look_over(
    upload: Upload, path: Path, errors: Path, on_progress: Callable[[int], None]
) -> Upload:
    """Read a whole list and count; sends nothing.

    Args:
        upload: The list.
        path: Its file.
        errors: Where rows go that a person should look at.
        on_progress: Told the number of rows now and then.

    Returns:
        The list with what was seen in it.

    Raises:
        InvalidEvent: `CL-1501`, `CL-1502`.
    """
    opened = open_list(upload, path)
    columns = opened.columns
    try:
        with closing(FaultFile(errors, columns.header)) as faults:
            found = preview(opened.table, columns, opened.reader, faults, on_progress)
        check_numbers(found)
    except InvalidEvent as error:
        raise told_of(upload, error) from None
    counts = {name: count for name, count in asdict(found).items() if name != "findings"}
    return replace(
        upload,
        state=State.LOOKED,
        read_as=opened.table.description,
        counts={**counts, "would_loosen": found.would_loosen},
        findings={finding.value: count for finding, count in found.findings.items()},
        columns={name: _called(columns, place) for name, place in columns.places.items()},
    )


def told_of(upload: Upload, error: InvalidEvent) -> InvalidEvent:
    """Name the list as its clerk does, not as it is called on this disk."""
    if "file" not in error.params:
        return error
    return InvalidEvent(error.code, **{**error.params, "file": upload.file_name or "-"})


def _called(columns: Columns, place: int) -> str:
    return columns.header[place] if place < len(columns.header) else str(place + 1)


def _check_unpacked(path: Path) -> None:
    """Refuse a workbook that would fill the memory: a small file can grow a thousandfold."""
    if not zipfile.is_zipfile(path):
        return
    with open_archive(path) as archive:
        sizes = {one.filename: one.file_size for one in archive.infolist()}
    texts = sizes.get("xl/sharedStrings.xml", 0)
    if sum(sizes.values()) > MAX_UNPACKED_BYTES or texts > MAX_TEXTS_BYTES:
        raise unreadable(path, "it is too large once it is unpacked")
