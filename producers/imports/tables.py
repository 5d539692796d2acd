"""Opens a list: CSV, XLSX or one number a line, in whatever encoding it was saved."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from producers.imports.xlsx import Workbook, unreadable

Row = tuple[int, list[str]]
"""Number of the line or row where it begins, and its cells."""

ENCODINGS: Final = ("utf-8", "gb18030")
"""Tried in this order: text in GBK is hardly ever valid UTF-8. GB 18030 reads all of GBK."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS: Final = "\t;,"
_CHUNK: Final = 1 << 20
_MAX_SHOWN: Final = 64
"""Characters of a sheet's name: spreadsheets allow 31, a file any number."""


class Table(Protocol):
    """A list that can be read as often as needed."""

    @property
    def description(self) -> str:
        """How it is read, for a person: `CSV, gb18030`."""
        ...

    @property
    def is_spreadsheet(self) -> bool:
        """Whether dates may stand in it as counts of days."""
        ...

    @property
    def since_1904(self) -> bool:
        """Whether those days count from 1904."""
        ...

    def rows(self) -> Iterator[Row]:
        """Yield every row from the first.

        Raises:
            Unreadable: `CL-1501`.
        """
        ...


@dataclass(frozen=True, slots=True)
class TextTable:
    """Text with delimiters, or none at all."""

    path: Path
    encoding: str
    delimiter: str
    is_spreadsheet: bool = False
    since_1904: bool = False

    @property
    def description(self) -> str:
        """How it is read."""
        shown = {"\t": "tab", ",": "comma", ";": "semicolon"}[self.delimiter]
        return f"{self.encoding.removesuffix('-sig')}, {shown}"

    def rows(self) -> Iterator[Row]:
        """Yield every row from the first.

        A quote that is never closed is an error and does not swallow the lines after it.
        """
        line = 0
        try:
            with self.path.open(encoding=self.encoding, newline="") as file:
                reader = csv.reader(file, delimiter=self.delimiter, strict=True)
                for cells in reader:
                    yield line + 1, cells
                    line = reader.line_num
        except (csv.Error, UnicodeError) as exc:
            reason = f"line {line + 1}: {exc}" if isinstance(exc, csv.Error) else self._not_text()
            raise unreadable(self.path, reason) from None
        except OSError as exc:
            raise unreadable(self.path, exc.strerror or "it cannot be opened") from None

    def _not_text(self) -> str:
        return f"it is not {self.encoding} throughout"


@dataclass(frozen=True, slots=True)
class SheetTable:
    """One sheet of a workbook."""

    workbook: Workbook
    is_spreadsheet: bool = True

    @property
    def description(self) -> str:
        """How it is read."""
        return f"XLSX, {self.workbook.sheet[:_MAX_SHOWN]}"

    @property
    def since_1904(self) -> bool:
        """Whether days count from 1904."""
        return self.workbook.since_1904

    def rows(self) -> Iterator[Row]:
        """Yield every row from the first."""
        return self.workbook.rows()


def open_table(path: Path, encoding: str | None = None, sheet: str | None = None) -> Table:
    """Open a list and find out how it is written.

    Args:
        path: The file.
        encoding: Forces how text is read; None = by its mark, else the first of `ENCODINGS` that
            reads all of it.
        sheet: Sheet of a workbook; None = the first.

    Raises:
        Unreadable: `CL-1501`.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as exc:
        raise unreadable(path, exc.strerror or "it cannot be opened") from None
    if start == b"PK\x03\x04":
        return SheetTable(Workbook(path, sheet))
    if start == b"\xd0\xcf\x11\xe0":
        raise unreadable(path, "it is an old XLS file, or has a password")
    found = encoding or _encoding_of(path, start)
    return TextTable(path, found, _delimiter_of(path, found))


def _encoding_of(path: Path, start: bytes) -> str:
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    for name in ENCODINGS:
        if _reads_all(path, name):
            return name
    raise unreadable(path, f"it is neither {' nor '.join(ENCODINGS)} throughout")


def _reads_all(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter_of(path: Path, encoding: str) -> str:
    """Take what stands most often in the first line that is not blank."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            lines = (line for line in islice(file, 100) if line.strip())
            first = next(lines, "")
    except (UnicodeError, LookupError):
        raise unreadable(path, f"it is not {encoding} throughout") from None
    return max(_DELIMITERS[::-1], key=first.count)
