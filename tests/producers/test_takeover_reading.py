"""A row of a list is a documented consent, or stands in the file of errors: nothing is guessed."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from consentlog.errors import InvalidEvent
from producers.imports.faults import FaultFile
from producers.imports.tables import open_table
from producers.takeovers.columns import ConsentList, consent_columns
from producers.takeovers.listing import Listing, Look
from producers.takeovers.manifest import Manifest, digest_of
from producers.takeovers.place import Place, place_in
from producers.takeovers.reading import ConsentReader, Fault
from tests.support.imports import write_xlsx

ABOUT: Final = ConsentList("crm-2024", "acme", "Asia/Shanghai", "CN")
HEAD: Final = "手机号,同意时间,同意方式,文本版本,证据编号,渠道"
GOOD: Final = "13800138000,2024-05-01 10:00:00,网页,privacy-7,crm-1,短信"


def listing(file: Path, about: ConsentList = ABOUT, **told: str) -> Listing:
    table = open_table(file)
    columns = consent_columns(table, told, about)
    return Listing(table, columns, ConsentReader(columns, about, table))


def look(found: Listing, directory: Path) -> tuple[Look, list[dict[str, Any]]]:
    with closing(FaultFile(directory / "errors.csv", ())) as faults:
        counted = found.look(faults)
    return counted, [line.row for batch in found.batches() for line in batch]


def read(directory: Path, *lines: str, about: ConsentList = ABOUT) -> tuple[Look, list[Any]]:
    file = directory / "crm.csv"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return look(listing(file, about), directory)


def test_a_row_keeps_all_that_proves_it(tmp_path: Path) -> None:
    head = f"{HEAD},用途,品牌,活动,有效期至,备注,状态,主体"
    line = f"{GOOD},营销,acme-life,acme-life-spring,2099-01-01,勾选同意,同意,acme"
    found, rows = read(tmp_path, head, line)
    assert rows == [
        {
            "number": "13800138000",
            "region": "CN",
            "method": "web",
            "occurred_at": "2024-05-01T10:00:00",
            "precision": "instant",
            "zone": "Asia/Shanghai",
            "consent_text_version": "privacy-7",
            "evidence_ref": "crm-1",
            "channel": "sms",
            "purpose": "marketing",
            "brand": "acme-life",
            "campaign": "acme-life-spring",
            "until": "2098-12-31T16:00:00.000Z",
            "verbatim": "勾选同意",
        }
    ]
    assert (found.rows, found.consents, found.faults) == (1, 1, Counter())


FAULTS: Final = [
    (GOOD.replace("13800138000", "138****8000"), Fault.NUMBER),
    (GOOD.replace("2024-05-01 10:00:00", "last May"), Fault.DATE),
    (GOOD.replace("2024-05-01 10:00:00", ""), Fault.DATE),
    (GOOD.replace("网页", "purchase"), Fault.METHOD),
    (GOOD.replace("网页", ""), Fault.METHOD),
    (GOOD.replace("网页", "电话"), Fault.SPOKEN),
    (GOOD.replace("privacy-7", ""), Fault.VERSION),
    (GOOD.replace("crm-1", " "), Fault.REF),
    (GOOD.replace("短信", ""), Fault.CHANNEL),
    (GOOD.replace("短信", "邮件"), Fault.CHANNEL),
    (f"{GOOD},whatever", Fault.PURPOSE),
    (f"{GOOD},,退订", Fault.ACTION),
    (f"{GOOD},,no", Fault.ACTION),
    (f"{GOOD},,,beta", Fault.ENTITY),
    (f"{GOOD},,,,only our brand", Fault.SCOPE),
    (f"{GOOD},,,,,some day", Fault.UNTIL),
    (f"{GOOD},,,,,,a brand whose name is longer than thirty-two bytes", Fault.FORM),
]


@pytest.mark.parametrize(("line", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_what_is_unclear_is_no_consent(tmp_path: Path, line: str, fault: Fault) -> None:
    found, rows = read(tmp_path, f"{HEAD},用途,状态,主体,范围,有效期至,品牌", line)
    assert (rows, found.consents, found.faults) == ([], 0, Counter({fault: 1}))
    assert fault.value in (tmp_path / "errors.csv").read_text("utf-8-sig")
    with pytest.raises(InvalidEvent, match="CL-1502"):
        found.manifest("crm-2024", "acme", "ab" * 32)


def test_a_date_without_a_zone_is_no_time(tmp_path: Path) -> None:
    about = replace(ABOUT, zone=None)
    found, rows = read(tmp_path, HEAD, GOOD, GOOD.replace("10:00:00", "10:00:00Z"), about=about)
    assert found.faults == {Fault.NO_ZONE: 1}
    assert [row["occurred_at"] for row in rows] == ["2024-05-01T10:00:00Z"]
    assert "zone" not in rows[0]


def test_the_same_row_is_one_consent_and_told_in_two_ways_it_is_none(tmp_path: Path) -> None:
    other = GOOD.replace("13800138000", "+86 138 0013 8000")
    contrary = GOOD.replace("10:00:00", "11:00:00")
    found, rows = read(tmp_path, HEAD, GOOD, GOOD, contrary)
    assert (found.consents, found.repeated, found.faults) == (1, 1, {Fault.TWICE: 1})
    found, rows = read(tmp_path, HEAD, GOOD, other)
    assert (len(rows), found.repeated) == (1, 1)


def test_what_a_list_says_once_for_all_rows_is_told(tmp_path: Path) -> None:
    about = replace(ABOUT, method="form", channel="all", version="2024-01")
    _, (row,) = read(tmp_path, "号码,日期,凭证", "13800138000,2024-05-01,A-7", about=about)
    assert (row["method"], row["channel"], row["consent_text_version"]) == (
        "form",
        "all",
        "2024-01",
    )
    assert (row["precision"], row["occurred_at"]) == ("day", "2024-05-01")


@pytest.mark.parametrize("gone", ["同意时间", "同意方式", "文本版本", "证据编号", "渠道"])
def test_a_list_without_a_column_that_proves_is_none(tmp_path: Path, gone: str) -> None:
    with pytest.raises(InvalidEvent, match="CL-1502"):
        read(tmp_path, HEAD.replace(gone, "x"), GOOD)


def test_batches_are_the_manifests(tmp_path: Path) -> None:
    lines = [GOOD.replace("crm-1", f"crm-{n}") for n in range(2001)]
    file = tmp_path / "crm.csv"
    file.write_text("\n".join([HEAD, *lines]), "utf-8")
    found = listing(file)
    counted, _ = look(found, tmp_path)
    manifest = Manifest.model_validate(counted.manifest("crm-2024", "acme", "ab" * 32))
    sizes = []
    for at, batch in enumerate(found.batches()):
        assert digest_of([line.row for line in batch]) == manifest.batches[at]
        sizes.append(len(batch))
    assert (sizes, manifest.rows) == ([1000, 1000, 1], 2001)
    assert (manifest.first_at, manifest.last_at) == ("2024-05-01T02:00:00.000Z",) * 2


def test_a_workbook_is_read_as_a_list_of_text(tmp_path: Path) -> None:
    file = tmp_path / "crm.xlsx"
    # A spreadsheet's 45413.5 is noon of 1 May 2024.
    write_xlsx(file, [HEAD.split(","), ["13800138000", "=45413.5", "app", "v1", "A-1", "电话"]])
    _, (row,) = look(listing(file), tmp_path)
    assert (row["occurred_at"], row["method"], row["channel"]) == (
        "2024-05-01T12:00:00",
        "app",
        "voice",
    )


def test_a_place_is_kept_of_its_own_list_only(tmp_path: Path) -> None:
    file = tmp_path / "place.json"
    place = Place("ab", 3, 120, Counter(recorded=2900, review=100))
    place.keep(file)
    assert place_in(file, "ab", 7) == place
    assert place_in(file, "cd", 7) == Place("cd", errors_bytes=7)
    file.write_text("{half")
    assert place_in(file, "ab", 7) == Place("ab", errors_bytes=7)
