"""A list of which much cannot be read is most likely read wrongly: nobody sends it by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from consentlog.errors import InvalidEvent
from producers.imports.columns import columns_of
from producers.imports.preview import Preview, check_readable, preview
from producers.imports.rows import ListOf, RowReader
from producers.imports.tables import open_table


def look(path: Path, text: str, region: str | None = "CN") -> Preview:
    path.write_text(text)
    table = open_table(path)
    columns = columns_of(table, {})
    return preview(table, columns, RowReader(columns, ListOf("l", "acme", None, region), table))


@pytest.mark.parametrize(
    ("rows", "unreadable", "is_sent"),
    [
        (100, 99, True),  # few: a person looks at them one by one
        (101, 100, True),
        (1000, 100, True),
        (1010, 101, True),  # a tenth, and no more
        (1009, 101, False),
        (102, 101, False),
        (1_000_000, 100_000, True),
        (1_000_000, 100_001, False),
    ],
)
def test_more_than_a_tenth_and_more_than_a_hundred_are_too_many(
    rows: int, unreadable: int, *, is_sent: bool
) -> None:
    found = Preview(rows=rows, unreadable=unreadable)
    assert found.has_many_unreadable is not is_sent
    if is_sent:
        check_readable(found)
        return
    with pytest.raises(InvalidEvent, match="CL-1510") as refused:
        check_readable(found)
    for language in ("en", "zh"):
        assert f"{unreadable:,}" in refused.value.what(language)
        assert f"{rows:,}" in refused.value.what(language)
        assert "--allow-unreadable" in refused.value.do(language)


def test_it_says_what_is_the_matter_the_commonest_first(tmp_path: Path) -> None:
    rows = ["手机号,状态"] + ["+8613800138000,"] * 50 + ["13800138000,"] * 120 + ["12*4,"] * 60
    found = look(tmp_path / "list.csv", "\n".join([*rows, "+8613800138000,什么"]), None)
    assert (found.rows, found.quarantined, found.unreadable) == (231, 180, 181)
    with pytest.raises(InvalidEvent) as refused:
        check_readable(found)
    said = "number_no_region: 120, number_not_only_digits: 60, action_not_understood: 1"
    assert said in refused.value.what("en")
    assert "--region" in refused.value.do("en")
    assert "--column" in refused.value.do("en")


def test_a_row_with_two_faults_is_one_row(tmp_path: Path) -> None:
    found = look(tmp_path / "list.csv", "手机号,状态\n12*4,什么\n13800138000,同意\n")
    assert (found.rows, found.quarantined, found.unreadable) == (2, 1, 1)
