"""Taking statements apart: where an insert's data starts, what an auditor may run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.local.clickhouse_front.failure import READONLY, SYNTAX_ERROR, RequestFailure
from consentlog.local.clickhouse_front.statement import check_read_only, parse_statement
from consentlog.local.clickhouse_front.tokens import tokens


def code_of(text: str) -> int:
    """The code with which an auditor's statement is refused; 0 = it may run."""
    try:
        check_read_only(parse_statement(text.encode()))
    except RequestFailure as failure:
        return failure.code
    return 0


@pytest.mark.parametrize(
    ("text", "sql", "data_format", "data"),
    [
        (
            b"INSERT INTO t (a) FORMAT Native\n\x00\n;\xff",
            "INSERT INTO t (a) ",
            "Native",
            b"\x00\n;\xff",
        ),
        (b"INSERT INTO t FORMAT TSV\r\n1\n", "INSERT INTO t ", "TSV", b"1\n"),
        (
            b"insert into `format` (b) format JSONEachRow {}",
            "insert into `format` (b) ",
            "JSONEachRow",
            b"{}",
        ),
        (
            b"INSERT INTO t SETTINGS x='FORMAT a' FORMAT CSV\n'a'",
            "INSERT INTO t SETTINGS x='FORMAT a' ",
            "CSV",
            b"'a'",
        ),
        (b"INSERT INTO t VALUES (1, 'x;y')", "INSERT INTO t VALUES (1, 'x;y')", None, b""),
        (b"INSERT INTO t SELECT 1 FORMAT Null", "INSERT INTO t SELECT 1 FORMAT Null", None, b""),
        (b"SELECT 1;  -- done", "SELECT 1", None, b""),
        ("SELECT '电话；;'".encode(), "SELECT '电话；;'", None, b""),
    ],
)
def test_where_the_data_starts(text: bytes, sql: str, data_format: str | None, data: bytes) -> None:
    found = parse_statement(text)
    assert (found.sql, found.data_format, found.data) == (sql, data_format, data)


@pytest.mark.parametrize(
    "text", [b"", b"  ;", b"/* nothing */", b"SELECT 1; SELECT 2", b"SELECT '\xff'"]
)
def test_what_is_not_one_statement_is_refused(text: bytes) -> None:
    with pytest.raises(RequestFailure) as caught:
        parse_statement(text)
    assert caught.value.code == SYNTAX_ERROR


def test_the_result_format_is_found() -> None:
    assert parse_statement(b"SELECT 1 FORMAT JSON;").result_format == "JSON"
    assert parse_statement(b"SELECT 'FORMAT JSON'").result_format is None


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "WITH 1 AS x SELECT x",
        "FROM t SELECT a",
        "/* c */ SHOW TABLES",
        "DESCRIBE t",
        "EXPLAIN SELECT 1",
        "SELECT 'INTO OUTFILE', `file` FROM t",
        "SELECT fileName(1)",
    ],
)
def test_an_auditor_may_read(text: str) -> None:
    assert code_of(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t FORMAT TSV\n1",
        "DROP TABLE t",
        "SET readonly = 0",
        "KILL QUERY WHERE 1",
        "SYSTEM SHUTDOWN",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT 1 INTO/**/OUTFILE '/tmp/x'",
        "SELECT * FROM file('/etc/passwd')",
        "SELECT \"file\" ( '/etc/passwd' )",
        "SELECT `FILE`('/etc/passwd')",
        "SELECT * FROM url('http://127.0.0.1')",
        "SELECT * FROM s3('x')",
        "SELECT * FROM remoteSecure('x', t)",
    ],
)
def test_an_auditor_may_only_read(text: str) -> None:
    assert code_of(text) == READONLY


@pytest.mark.parametrize(
    "text", ["SELECT file('/etc/passwd')", "INSERT INTO t FROM INFILE 'x' FORMAT CSV"]
)
def test_nobody_reads_files_of_this_machine(text: str) -> None:
    with pytest.raises(RequestFailure):
        parse_statement(text.encode())


@given(st.text(alphabet="abF('\"`\\;$-/*# \n(){}é", max_size=60))
def test_tokens_cover_the_text_and_never_overlap(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert end <= token.start < token.end
        end = token.end
    assert end <= len(text)


@given(st.text(max_size=40))
def test_what_stands_in_a_string_is_no_word(text: str) -> None:
    quoted = "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    assert [token.kind for token in tokens(f"SELECT {quoted}")] == ["word", "string"]
