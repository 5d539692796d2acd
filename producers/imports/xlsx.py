"""Reads the cells of one sheet of an XLSX file, row by row.

The texts that cells share stand in one buffer, not in a million objects, and the sheet's XML is
never held as a whole.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

from consentlog.errors import InvalidEvent
from producers.imports.cells import Attributes, SharedReader, SharedTexts, SheetReader

_CHUNK: Final = 1 << 16


class Unreadable(InvalidEvent):
    """The file is not what it should be (`CL-1501`)."""


def unreadable(path: Path, reason: str) -> Unreadable:
    """Say why a file cannot be read; `reason` without its contents."""
    return Unreadable("CL-1501", file=path.name, reason=reason)


class Workbook:
    """One sheet of a workbook.

    Args:
        path: The file.
        sheet: Its name; None = the first.

    Raises:
        Unreadable: `CL-1501`.
    """

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        self._path = path
        self.since_1904 = False
        self._sheets: list[tuple[str, str]] = []
        self._targets: dict[str, str] = {}
        with self._open() as archive:
            self._parse(archive, "xl/workbook.xml", self._on_workbook)
            self._parse(archive, "xl/_rels/workbook.xml.rels", self._on_relation)
            self.sheet, self._part = self._choose(sheet)
            self._shared = self._read_shared(archive)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that has cells: its number in the sheet and its texts by column.

        Raises:
            Unreadable: `CL-1501`.
        """
        with self._open() as archive:
            sheet = SheetReader(self._shared)
            parser = _parser(sheet.start, sheet.end, sheet.text)
            for _ in self._feed(archive, self._part, parser):
                yield from sheet.take()
            yield from sheet.take()

    def _open(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self._path)
        except (zipfile.BadZipFile, OSError):
            raise unreadable(self._path, "it is no XLSX file, or has a password") from None

    def _choose(self, wanted: str | None) -> tuple[str, str]:
        for name, relation in self._sheets:
            if wanted in (None, name) and relation in self._targets:
                return name, posixpath.normpath(posixpath.join("xl", self._targets[relation]))
        names = ", ".join(name for name, _ in self._sheets)
        raise unreadable(self._path, f"it has no sheet {wanted or ''}; its sheets: {names}")

    def _on_workbook(self, name: str, attributes: Attributes) -> None:
        if name == "sheet":
            relation = next((v for k, v in attributes.items() if k.endswith("id") and ":" in k), "")
            self._sheets.append((attributes.get("name", ""), relation))
        elif name == "workbookPr":
            self.since_1904 = attributes.get("date1904") in ("1", "true")

    def _on_relation(self, name: str, attributes: Attributes) -> None:
        if name == "Relationship":
            target = attributes.get("Target", "")
            target = target.removeprefix("/xl/")
            self._targets[attributes.get("Id", "")] = target

    def _read_shared(self, archive: zipfile.ZipFile) -> SharedTexts:
        shared = SharedTexts()
        if "xl/sharedStrings.xml" in archive.namelist():
            reader = SharedReader(shared)
            parser = _parser(reader.start, reader.end, reader.text)
            for _ in self._feed(archive, "xl/sharedStrings.xml", parser):
                pass
        return shared

    def _parse(
        self, archive: zipfile.ZipFile, part: str, start: Callable[[str, Attributes], None]
    ) -> None:
        for _ in self._feed(archive, part, _parser(start, lambda _: None, lambda _: None)):
            pass

    def _feed(
        self, archive: zipfile.ZipFile, part: str, parser: expat.XMLParserType
    ) -> Iterator[None]:
        """Feed a part to its parser, chunk by chunk."""
        try:
            with archive.open(part) as file:
                yield from _feed_all(file, parser)
        except KeyError:
            raise unreadable(self._path, f"{part} is missing") from None
        except (expat.ExpatError, zipfile.BadZipFile, EOFError, IndexError, ValueError) as exc:
            reason = str(exc) if type(exc) is ValueError else f"{part} is damaged"
            raise unreadable(self._path, reason) from None


def _feed_all(file: IO[bytes], parser: expat.XMLParserType) -> Iterator[None]:
    while chunk := file.read(_CHUNK):
        parser.Parse(chunk, False)
        yield
    parser.Parse(b"", True)


def _parser(
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def first(name: str, attributes: Attributes) -> None:
        # Without a prefix on the root there is none to take off millions of elements.
        if ":" in name:
            parser.StartElementHandler = lambda name, found: start(_local(name), found)
            parser.EndElementHandler = lambda name: end(_local(name))
        else:
            parser.StartElementHandler, parser.EndElementHandler = start, end
        start(_local(name), attributes)

    parser.StartElementHandler = first
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = _refuse_entities
    return parser


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse_entities(*_: object) -> None:
    # No spreadsheet declares any; a few lines of them can grow to gigabytes.
    raise ValueError("it declares XML entities")
