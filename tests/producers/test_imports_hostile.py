"""A list made to do harm is refused with a reason, before it fills the memory or a spreadsheet."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from consentlog.errors import InvalidEvent
from producers.imports.cells import SharedReader, SharedTexts, SheetReader
from producers.imports.columns import columns_of
from producers.imports.faults import FaultFile
from producers.imports.tables import open_table
from producers.imports.xlsx import _feed_all, _parser
from producers.uploads.looking import open_list
from producers.uploads.upload import Upload
from tests.support.imports import read_list, write_xlsx

ROWS = [["phone"], ["13800138000"]]
SHEET = "xl/worksheets/sheet1.xml"
UPLOAD = Upload("x", "care", "care-1", "x", 1, "0" * 64, 1, "weekly", "acme", "")


def _refused(file: Path) -> str:
    """Why the command refuses it; the desk does so for the same reason."""
    with pytest.raises(InvalidEvent, match="CL-1501") as found:
        read_list(file)
    return str(found.value.params["reason"])


def _refused_at_the_desk(file: Path) -> str:
    with pytest.raises(InvalidEvent, match="CL-1501") as found:
        open_list(UPLOAD, file)
    return str(found.value.params["reason"])


def _parts(file: Path) -> dict[str, bytes]:
    write_xlsx(file, ROWS, shared=False)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _pack(file: Path, parts: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_entry_packed_as_no_spreadsheet_packs_is_refused(tmp_path: Path, packing: int) -> None:
    file = tmp_path / "list.xlsx"
    _pack(file, _parts(file), packing)
    assert "packed" in _refused(file)
    assert "packed" in _refused_at_the_desk(file)
    _pack(file, _parts(file), zipfile.ZIP_STORED)
    assert len(read_list(file)) == 1


def test_an_encrypted_entry_is_refused_though_nobody_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    _pack(file, {**_parts(file), "last": b""})
    data = bytearray(file.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(data)
    assert "password" in _refused(file)
    assert "password" in _refused_at_the_desk(file)


def test_more_than_a_thousand_entries_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    parts = _parts(file)
    more = {str(at): b"" for at in range(1000 - len(parts))}
    _pack(file, {**parts, **more})
    assert len(read_list(file)) == 1
    _pack(file, {**parts, **more, "over": b""})
    assert "1000 parts" in _refused(file)
    assert "1000 parts" in _refused_at_the_desk(file)


def test_entries_are_counted_before_the_library_holds_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "list.xlsx"
    _pack(file, {str(at): b"" for at in range(1100)})

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(zipfile, "ZipFile", never)
    assert "1000 parts" in _refused(file)


def _no_such_version(data: bytearray) -> None:
    data[data.index(b"PK\x01\x02") + 6] = 99


def _no_deflate(data: bytearray) -> None:
    # The first block's kind becomes the one that does not exist.
    start = data.index(b"xl/workbook.xml") + len("xl/workbook.xml")
    data[start] |= 0b110


def _patched(data: bytearray) -> None:
    data[data.index(b"PK\x01\x02") + 8] |= 0x20


def _directory_gone(data: bytearray) -> None:
    at = data.index(b"PK\x01\x02")
    data[at : at + 4] = b"PK\x09\x09"


@pytest.mark.parametrize("harm", [_no_such_version, _no_deflate, _patched, _directory_gone])
def test_whatever_the_library_says_of_a_damaged_file_is_our_error(
    tmp_path: Path, harm: Callable[[bytearray], None]
) -> None:
    file = tmp_path / "list.xlsx"
    write_xlsx(file, ROWS)
    data = bytearray(file.read_bytes())
    harm(data)
    file.write_bytes(data)
    assert _refused(file)
    assert _refused_at_the_desk(file)


def test_the_bytes_really_unpacked_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "list.xlsx"
    parts = _parts(file)
    largest = max(map(len, parts.values()))
    monkeypatch.setattr("producers.imports.xlsx.MAX_UNPACKED_BYTES", largest)
    _pack(file, parts)
    assert len(read_list(file)) == 1
    _pack(file, {**parts, SHEET: parts[SHEET] + b" " * largest})
    assert "too large once it is unpacked" in _refused(file)


def test_a_cell_is_cut_while_it_is_collected() -> None:
    sheet = SheetReader(SharedTexts())
    sheet.start("row", {})
    sheet.start("c", {"t": "str"})
    sheet.start("v", {})
    for _ in range(40):
        sheet.text("x" * 1000)
    assert sum(map(len, sheet._value)) == 32_767
    sheet.end("c")
    sheet.end("row")
    assert [len(cell) for _, cells in sheet.take() for cell in cells] == [32_767]


def test_a_shared_text_is_cut_while_it_is_collected() -> None:
    shared = SharedTexts()
    reader = SharedReader(shared)
    for text in ("x", "y"):
        reader.start("si", {})
        reader.start("t", {})
        for _ in range(40):
            reader.text(text * 1000)
        assert sum(map(len, reader._parts)) == 32_767
        reader.end("si")
    assert shared[1] == "y" * 32_767


def test_empty_shared_texts_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.imports.cells._MOST_SHARED", 3)
    shared = SharedTexts()
    for _ in range(3):
        shared.add("")
    with pytest.raises(ValueError, match="save it as CSV"):
        shared.add("")


def _with_cells(file: Path, cells: str) -> None:
    row = f"<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>"
    _pack(file, {**_parts(file), SHEET: row.encode()})


def test_a_row_has_no_more_cells_for_naming_one_place_often(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    _with_cells(file, '<c r="A1"><v>1</v></c>' * 1000)
    ((_, cells),) = open_table(file).rows()
    assert len(cells) == 256


def test_a_place_has_at_most_three_letters(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    _with_cells(file, '<c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c>')
    assert list(open_table(file).rows()) == [(1, ["1"])]
    _with_cells(file, '<c r="AAAA1"><v>1</v></c>')
    assert "letters" in _refused(file)


def test_sheets_and_relations_are_counted_and_their_names_cut(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    parts = _parts(file)
    for name, element in (
        ("xl/workbook.xml", b'<sheet name="a sheet"/>'),
        ("xl/_rels/workbook.xml.rels", b'<Relationship Id="%d"/>'),
    ):
        many = b"".join(element % at if b"%" in element else element for at in range(1001))
        _pack(file, {**parts, name: b"<x>" + many + b"</x>"})
        assert "more than 1000 sheets" in _refused(file)
    sheets = b"<x>" + b'<sheet name="a sheet"/>' * 1000 + b"</x>"
    _pack(file, {**parts, "xl/workbook.xml": sheets})
    reason = _refused(file)
    assert "no sheet" in reason
    assert len(reason) < 250


def test_a_long_header_is_cut_where_it_is_told(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(",".join(["whatever"] * 1000) + "\n")
    with pytest.raises(InvalidEvent, match="CL-1502") as found:
        columns_of(open_table(file), {})
    reason = str(found.value.params["reason"])
    assert "whatever, whatever" in reason
    assert len(reason) < 250


@pytest.mark.parametrize("harm", ["=1+1", "@SUM(A1)", "\t=1", "\r=1", "+cmd|x", "-cmd|x", "+", "-"])
def test_no_cell_of_the_odd_rows_is_a_formula(tmp_path: Path, harm: str) -> None:
    assert _written(tmp_path, [harm]) == [["'" + harm]] * 2


def test_a_number_stays_as_it_is_in_the_odd_rows(tmp_path: Path) -> None:
    cells = ["+8613800138000", "-5", "13800138000", "", "a=b", "原话", "'=1"]
    assert _written(tmp_path, cells) == [cells] * 2


def _written(directory: Path, cells: Sequence[str]) -> list[list[str]]:
    """The cells as they come out, once in the header and once in a row."""
    path = directory / "errors.csv"
    with closing(FaultFile(path, cells)) as faults:
        faults.add(2, "scope", "odd", {}, cells)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[5:] for row in csv.reader(file)]


def test_rows_that_repeat_one_long_text_do_not_pile_up() -> None:
    shared = SharedTexts()
    shared.add("x" * 32_767)
    sheet = SheetReader(shared)
    row = b"<row>" + b'<c t="s"><v>0</v></c>' * 10 + b"</row>"
    data = io.BytesIO(b"<worksheet>" + row * 1000 + b"</worksheet>")
    parser = _parser(sheet.start, sheet.end, sheet.text)
    taken = [len(sheet.take()) for _ in _feed_all(data, parser)]
    assert sum(taken) == 1000
    assert max(taken) * len(row) < 5000


def test_one_endless_tag_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    _with_cells(file, f'<c r="A1" t="{"x" * (2 << 20)}"><v>1</v></c>')
    assert "too long a tag" in _refused(file)
    _with_cells(file, f'<c r="A1" t="str"><v>{"x" * (2 << 20)}</v></c>')
    assert len(list(open_table(file).rows())) == 1
