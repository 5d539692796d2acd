"""What a list means, however it was saved (rules of refusal 5, 6, 10)."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from consentlog.errors import InvalidEvent
from producers.imports.columns import columns_of
from producers.imports.dates import read_time
from producers.imports.rows import NO_NAME, Finding, ListOf
from producers.imports.tables import open_table
from tests.support.imports import ABOUT, item_of, read_list, write_xlsx

TEXT = "手机号,日期,渠道,原话\r\n138-0013-8000,2026-03-20,短信,别再发了\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_list_is_read_in_whatever_encoding_it_was_saved(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(TEXT.encode(encoding))
    (row,) = read_list(file)
    assert row.findings == ()
    assert item_of(row) == {
        "number": "138-0013-8000",
        "region": "CN",
        "method": "import",
        "action": "refused",
        "basis": "do_not_call_list",
        "occurred_at": "2026-03-20",
        "precision": "day",
        "zone": "Asia/Shanghai",
        "scope": {"channel": "sms", "entity": "acme"},
        "actor": {"id": "import", "type": "system"},
        "evidence": {"data_source": "weekly", "verbatim": "别再发了"},
    }


def test_an_encoding_can_be_forced_and_is_then_the_only_one(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(TEXT.encode("gbk"))
    assert open_table(file).description == "gb18030, comma"
    assert next(iter(open_table(file, "gbk").rows()))[1][0] == "手机号"
    with pytest.raises(InvalidEvent, match="CL-1501"):
        open_table(file, "utf-8")


def test_bytes_in_no_encoding_are_an_error_and_not_half_a_list(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"number\n13800138000\n\xff\xff\xff\n")
    with pytest.raises(InvalidEvent, match="CL-1501"):
        open_table(file)


def test_a_quote_that_is_never_closed_does_not_swallow_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text('number,note\n13800138000,"oops\n13900139000,x\n')
    with pytest.raises(InvalidEvent, match="CL-1501"):
        read_list(file)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    file = tmp_path / "list.txt"
    file.write_text(f"phone{delimiter}date\n13800138000{delimiter}2026/3/20\n")
    (row,) = read_list(file)
    assert (item_of(row)["number"], item_of(row)["occurred_at"]) == ("13800138000", "2026-03-20")


def test_one_number_a_line_needs_no_header_and_loses_no_line(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("13800138000\n\n 13900139000 \n13700137000,13600136000\nabc\n")
    rows = read_list(file)
    assert [item_of(row)["number"] for row in rows] == [
        "13800138000",
        "13900139000",
        "13700137000,13600136000",
        "abc",
    ]
    assert [bool(row.findings) for row in rows] == [False, False, True, True]


def test_columns_are_told_by_header_or_place_and_never_guessed(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("客户,被拒者\nx,13800138000\n")
    with pytest.raises(InvalidEvent, match="CL-1502"):
        columns_of(open_table(file), {})
    for where in ("被拒者", "2"):
        (row,) = read_list(file, told={"number": where})
        assert item_of(row)["number"] == "13800138000"
    file.write_text("手机,电话\n1,13800138000\n")
    with pytest.raises(InvalidEvent, match="CL-1502"):
        columns_of(open_table(file), {})
    file.write_text("x,13800138000\n")
    with pytest.raises(InvalidEvent, match="CL-1502"):
        columns_of(open_table(file), {})
    assert len(read_list(file, told={"number": "2"})) == 1


@pytest.mark.parametrize("shared", [True, False])
def test_a_workbook_is_read_like_text(tmp_path: Path, shared: bool) -> None:
    file = tmp_path / "list.xlsx"
    rows = [
        ["手机号", "日期", "", "渠道"],
        ["13800138000", "=46101", "", "电话"],
        [],
        ["=13900139000", "=46101.604166666", "x", ""],
        ["=1.3700137E10", "2026/3/20", "", "短信"],
    ]
    write_xlsx(file, rows, shared=shared)
    found = read_list(file)
    assert [item_of(row)["number"] for row in found] == [
        "13800138000",
        "13900139000",
        "13700137000",
    ]
    assert [item_of(row)["occurred_at"] for row in found] == [
        "2026-03-20",
        "2026-03-20T14:30:00",
        "2026-03-20",
    ]
    assert [item_of(row)["precision"] for row in found] == ["day", "minute", "day"]
    assert [item_of(row)["scope"]["channel"] for row in found] == ["voice", "all", "sms"]


def test_a_workbook_may_count_its_days_from_1904(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    write_xlsx(file, [["phone", "date"], ["13800138000", "=44639"]], since_1904=True)
    (row,) = read_list(file)
    assert item_of(row)["occurred_at"] == "2026-03-20"


def test_a_sheet_is_called_by_no_more_than_fits(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    write_xlsx(file, [["phone"], ["13800138000"]], sheet="名单" * 5000)
    assert open_table(file).description == f"XLSX, {'名单' * 32}"
    # It is looked for by its whole name all the same.
    assert open_table(file, sheet="名单" * 5000).description == f"XLSX, {'名单' * 32}"


def test_a_damaged_workbook_or_one_with_entities_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    for content in (b"PK\x03\x04 and nothing", b"\xd0\xcf\x11\xe0 an old one"):
        file.write_bytes(content)
        with pytest.raises(InvalidEvent, match="CL-1501"):
            read_list(file)
    write_xlsx(file, [["phone"], ["13800138000"]])
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    parts["xl/worksheets/sheet1.xml"] = bomb + parts["xl/worksheets/sheet1.xml"]
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(InvalidEvent, match="CL-1501"):
        read_list(file)


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("2026-03-20", ("2026-03-20", "day", True)),
        ("2026年3月2日", ("2026-03-02", "day", True)),
        ("20260320", ("2026-03-20", "day", True)),
        ("２０２６/3/20", ("2026-03-20", "day", True)),
        ("2026/3/20 9:05", ("2026-03-20T09:05:00", "minute", True)),
        ("2026-03-20 14:05:09", ("2026-03-20T14:05:09", "instant", True)),
        ("2026-03-20T14:05:09+0800", ("2026-03-20T14:05:09+08:00", "instant", False)),
        ("2026-03-20T14:05:09Z", ("2026-03-20T14:05:09Z", "instant", False)),
        ("3/4/2026", None),
        ("2026-02-30", None),
        ("1970-01-01", None),
        ("46101", None),
        ("yesterday", None),
    ],
)
def test_a_date_is_read_year_first_or_not_at_all(
    text: str, stated: tuple[str, str, bool] | None
) -> None:
    assert read_time(text) == stated


def _only(tmp_path: Path, header: str, cells: str, about: ListOf = ABOUT) -> dict[str, object]:
    file = tmp_path / "list.csv"
    file.write_text(f"phone,{header}\n13800138000,{cells}\n")
    (row,) = read_list(file, about)
    return {"findings": row.findings, **item_of(row)}


def test_what_is_unclear_blocks_more_and_never_less(tmp_path: Path) -> None:
    odd = _only(tmp_path, "date", "3/4/2026")
    assert odd["findings"] == (Finding.DATE,)
    assert "occurred_at" not in odd
    assert odd["evidence"] == {"data_source": "weekly", "verbatim": "3/4/2026"}
    odd = _only(tmp_path, "channel,purpose", "carrier pigeon,who knows")
    assert odd["findings"] == (Finding.SCOPE,)
    assert odd["scope"] == {"channel": "all", "entity": "acme", "purpose": "all"}
    odd = _only(tmp_path, "action", "maybe")
    assert (odd["findings"], odd["action"], odd["hold_kind"]) == (
        (Finding.ACTION,),
        "held",
        "unclear",
    )
    odd = _only(tmp_path, "主体", "某公司")
    assert (odd["findings"], odd["scope"]) == (
        (Finding.SCOPE,),
        {"channel": "all", "entity": NO_NAME},
    )


@pytest.mark.parametrize("word", ["同意", "START", "granted", "取消退订", "Opt_In"])
def test_a_row_that_would_loosen_is_found(tmp_path: Path, word: str) -> None:
    assert _only(tmp_path, "状态", word)["findings"] == (Finding.LOOSENS,)


@pytest.mark.parametrize("word", ["", "拒绝", "TD", "退订", "STOP", "黑名单", "opted out"])
def test_a_row_of_refusal_is_one(tmp_path: Path, word: str) -> None:
    found = _only(tmp_path, "状态", word)
    assert (found["findings"], found["action"]) == ((), "refused")


def test_the_scope_column_narrows_by_purpose_or_channel(tmp_path: Path) -> None:
    assert _only(tmp_path, "范围", "短信")["scope"] == {"channel": "sms", "entity": "acme"}
    wide = {"channel": "all", "entity": "acme", "purpose": "all"}
    assert _only(tmp_path, "范围", "全部")["scope"] == wide


def test_the_same_row_has_the_same_key_however_its_number_is_written(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("phone,channel\n13800138000,\n+86 138 0013 8000,all\n13800138000,sms\n")
    one, same, other = (row.key for row in read_list(file))
    assert one == same != other
