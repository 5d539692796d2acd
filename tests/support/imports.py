"""Lists to import, and the parts of an import put together for a test."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from producers.imports.columns import columns_of, data_rows
from producers.imports.faults import FaultFile
from producers.imports.memory import list_memory, memory_file
from producers.imports.rows import ListOf, ReadRow, RowReader
from producers.imports.run import Import
from producers.imports.sending import Gateway
from producers.imports.tables import Table, open_table
from producers.lists.shapes import Row

ABOUT = ListOf("weekly", "acme", "Asia/Shanghai", "CN")


def read_list(
    file: Path, about: ListOf = ABOUT, told: Mapping[str, str] | None = None
) -> list[ReadRow]:
    """Read every row of a list."""
    table = open_table(file)
    columns = columns_of(table, told or {})
    reader = RowReader(columns, about, table)
    return [reader.read(cells) for _, cells in data_rows(table, columns)]


def item_of(row: ReadRow) -> dict[str, Any]:
    """A row as one act of `/v1/consent-events`, without its nonce."""
    return Row(0, *json.loads(f"[{row.text}]")).item_of(json.loads(row.act + "}"))


def send_list(file: Path, gateway: Gateway, about: ListOf = ABOUT) -> Counter[str]:
    """Import a list as the command does; its memory and faults stand beside it."""
    table: Table = open_table(file)
    columns = columns_of(table, {})
    reader = RowReader(columns, about, table)
    with list_memory(memory_file(file.parent, about.name), about.name) as memory:
        run = memory.begin(hashlib.sha256(file.read_bytes()).hexdigest(), repr(about))
        faults = FaultFile(faults_of(file), columns.header, run.errors_bytes)
        with closing(faults):
            send = Import(about.name, reader, memory, gateway, faults)
            return send.run(data_rows(table, columns), run)


def faults_of(file: Path) -> Path:
    """Where the odd rows of a list are written."""
    return file.with_name(f"{file.name}.errors.csv")


def write_xlsx(
    file: Path,
    rows: list[list[str]],
    *,
    shared: bool = True,
    since_1904: bool = False,
    sheet: str = "名单",
) -> None:
    """Write a workbook as spreadsheets do; a text that begins with `=` becomes a bare number."""
    texts: dict[str, int] = {}
    lines = []
    for at, row in enumerate(rows, 1):
        cells = "".join(
            _cell(f"{chr(65 + column)}{at}", text, texts if shared else None)
            for column, text in enumerate(row)
            if text
        )
        lines.append(f'<row r="{at}">{cells}</row>')
    strings = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    main = 'xmlns="urn:spreadsheet"'
    parts = {
        "xl/workbook.xml": f'<workbook {main} xmlns:r="urn:r"><workbookPr date1904='
        f'"{int(since_1904)}"/><sheets><sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId1" '
        'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{''.join(lines)}</sheetData>"
        "</worksheet>",
        "xl/sharedStrings.xml": f"<sst {main}>{strings}</sst>",
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


def _cell(place: str, text: str, texts: dict[str, int] | None) -> str:
    if text.startswith("="):
        return f'<c r="{place}"><v>{text[1:]}</v></c>'
    if texts is None:
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
    return f'<c r="{place}" t="s"><v>{texts.setdefault(text, len(texts))}</v></c>'
