"""A migration file falls into the statements that it was written as."""

from __future__ import annotations

import pytest

from consentlog.clickhouse.migrate import migrations
from consentlog.clickhouse.statements import split_statements


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", []),
        (" ;; -- nothing;\n", []),
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';' -- a; b\n, 'it''s; ok'", ["SELECT ';'  \n, 'it''s; ok'"]),
        ("SELECT '\\';' /* ; */ ;", ["SELECT '\\';'"]),
        ('SELECT `a;b`, "c;d"; X', ['SELECT `a;b`, "c;d"', "X"]),
    ],
)
def test_semicolons_count_outside_of_quotes_and_comments(sql: str, expected: list[str]) -> None:
    assert split_statements(sql) == expected


def test_every_published_statement_may_run_twice() -> None:
    statements = [text for one in migrations() for text in split_statements(one.sql)]
    assert statements
    assert [text for text in statements if " IF NOT EXISTS " not in text] == []


def test_numbers_are_contiguous() -> None:
    assert [one.number for one in migrations()] == list(range(1, len(migrations()) + 1))
