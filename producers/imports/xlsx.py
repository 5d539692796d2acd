"""Reads the cells of one sheet of an XLSX file, row by row.

The texts that cells share stand in one buffer, not in a million objects, and the sheet's XML is
never held as a whole.
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

from consentlog.errors import InvalidEvent
from consentlog.observability.masking import mask_text
from producers.imports.cells import Attributes, SharedReader, SharedTexts, SheetReader

MAX_UNPACKED_BYTES: Final = 2 << 30
"""Of one part of a workbook, counted as it is unpacked: what the file says of it may be a lie."""
_MOST_PARTS: Final = 1000
"""As many files a workbook may hold, and as many sheets and relations it may name."""
_MOST_TOLD: Final = 200
"""Characters of the sheets' names that an error tells."""
_CHUNK: Final = 1 << 16
_SLICE: Final = 1 << 12
"""Bytes parsed before rows are taken: every twenty of them may name a text as long as a cell."""
_MOST_PENDING: Final = 1 << 20
"""Bytes of one tag, which the parser holds and begins anew with every slice."""
_ENTRY: Final = b"PK\x01\x02"
_ENCRYPTED: Final = 0x1
_DAMAGE: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    # Also what zipfile cannot do (NotImplementedError), and names in no encoding.
    *(RuntimeError, ValueError, IndexError, expat.ExpatError),
)


class Unreadable(InvalidEvent):
    """The file is not what it should be (`CL-1501`)."""


def unreadable(path: Path, reason: str) -> Unreadable:
    """Say why a file cannot be read; `reason` without its contents."""
    return Unreadable("CL-1501", file=path.name, reason=reason)


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open a workbook's archive, if it is such as spreadsheets write.

    Raises:
        Unreadable: `CL-1501` if it is damaged or encrypted, holds too many files, or packs one in
            a way whose unpacking has no bound.
    """
    try:
        _count_entries(path)
        archive = zipfile.ZipFile(path)
    except _DAMAGE:
        raise unreadable(path, "it is no XLSX file, or has a password") from None
    try:
        _check_entries(path, archive.infolist())
    except Unreadable:
        archive.close()
        raise
    return archive


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
        with open_archive(path) as archive:
            self._parse(archive, "xl/workbook.xml", self._on_workbook)
            self._parse(archive, "xl/_rels/workbook.xml.rels", self._on_relation)
            self.sheet, self._part = self._choose(sheet)
            self._shared = self._read_shared(archive)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that has cells: its number in the sheet and its texts by column.

        Raises:
            Unreadable: `CL-1501`.
        """
        with open_archive(self._path) as archive:
            sheet = SheetReader(self._shared)
            parser = _parser(sheet.start, sheet.end, sheet.text)
            for _ in self._feed(archive, self._part, parser):
                yield from sheet.take()
            yield from sheet.take()

    def _choose(self, wanted: str | None) -> tuple[str, str]:
        for name, relation in self._sheets:
            if wanted in (None, name) and relation in self._targets:
                return name, posixpath.normpath(posixpath.join("xl", self._targets[relation]))
        names = ", ".join(name for name, _ in self._sheets)[:_MOST_TOLD]
        raise unreadable(self._path, f"it has no sheet {wanted or ''}; its sheets: {names}")

    def _on_workbook(self, name: str, attributes: Attributes) -> None:
        if name == "sheet":
            relation = next((v for k, v in attributes.items() if k.endswith("id") and ":" in k), "")
            _check_count(len(self._sheets))
            self._sheets.append((attributes.get("name", ""), relation))
        elif name == "workbookPr":
            self.since_1904 = attributes.get("date1904") in ("1", "true")

    def _on_relation(self, name: str, attributes: Attributes) -> None:
        if name == "Relationship":
            _check_count(len(self._targets))
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
        except _DAMAGE as exc:
            # A number that is no number may be quoted in it.
            reason = mask_text(str(exc)) if type(exc) is ValueError else f"{part} is damaged"
            raise unreadable(self._path, reason) from None


def _count_entries(path: Path) -> None:
    # Before zipfile makes an object of every entry; one across two chunks may be missed.
    with path.open("rb") as file:
        found = sum(chunk.count(_ENTRY) for chunk in iter(lambda: file.read(_CHUNK), b""))
    if found > _MOST_PARTS:
        raise unreadable(path, f"it has more than {_MOST_PARTS} parts")


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > _MOST_PARTS:
        raise unreadable(path, f"it has more than {_MOST_PARTS} parts")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise unreadable(path, "it has a password")
    # zipfile unpacks these two bit by bit, any other by as much as a chunk grows to.
    if {entry.compress_type for entry in entries} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise unreadable(path, "it is packed as no XLSX file is")


def _check_count(known: int) -> None:
    if known >= _MOST_PARTS:
        raise ValueError(f"it has more than {_MOST_PARTS} sheets")


def _feed_all(file: IO[bytes], parser: expat.XMLParserType) -> Iterator[None]:
    unpacked = 0
    while chunk := file.read(_CHUNK):
        unpacked += len(chunk)
        if unpacked > MAX_UNPACKED_BYTES:
            raise ValueError("it is too large once it is unpacked")
        for at in range(0, len(chunk), _SLICE):
            parser.Parse(chunk[at : at + _SLICE], False)
            yield
        if unpacked - parser.CurrentByteIndex > _MOST_PENDING:
            raise ValueError("it has too long a tag")
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
