"""Lists of made-up numbers, as CSV and as spreadsheets save them."""

from __future__ import annotations

import zipfile
from pathlib import Path


def write_csv(file: Path, rows: int) -> None:
    """Write a list with dates of five years; the numbers are made up."""
    with file.open("w", encoding="utf-8") as out:
        out.write("手机号,日期,渠道,备注\n")
        for n in range(rows):
            number = f"13{n % 10}{n // 10:08d}"
            date = f"202{n % 5 + 1}-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
            out.write(f"{number},{date},{('', '电话', '短信')[n % 3]},客户要求不要再打\n")


def write_xlsx(file: Path, rows: int) -> None:
    """Write the list as a spreadsheet does that shares every text."""
    main = 'xmlns="urn:spreadsheet"'
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {main} xmlns:r="urn:r"><sheets><sheet name="1" r:id="r1"/></sheets>'
            "</workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        with archive.open("xl/sharedStrings.xml", "w") as out:
            out.write(f"<sst {main}><si><t>手机号</t></si><si><t>日期</t></si>".encode())
            for n in range(rows):
                out.write(f"<si><t>13{n % 10}{n // 10:08d}</t></si>".encode())
            out.write(b"</sst>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as out:
            out.write(f"<worksheet {main}><sheetData>".encode())
            out.write(b'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>')
            for n in range(rows):
                at = n + 2
                out.write(
                    f'<row r="{at}"><c r="A{at}" t="s"><v>{at}</v></c>'
                    f'<c r="B{at}"><v>{44300 + n % 1500}</v></c></row>'.encode()
                )
            out.write(b"</sheetData></worksheet>")
