"""What a statement is, and whether this user may run it here.

The engine's own `readonly` is the second wall for auditors; this is the first, and the only one for
what `readonly` lets through (`file()`, `INTO OUTFILE`, `KILL QUERY`: seen on 26.9).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from consentlog.local.clickhouse_front.failure import READONLY, SYNTAX_ERROR, refuse
from consentlog.local.clickhouse_front.tokens import Token, tokens

_READS: Final = ("SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "USE")
_OUTSIDE: Final = frozenset(
    {
        *("file", "filecluster", "url", "urlcluster", "python", "executable", "input", "zookeeper"),
        *("mysql", "postgresql", "mongodb", "redis", "sqlite", "odbc", "jdbc", "arrowflight"),
        *("gcs", "oss", "cosn", "hudi", "cluster", "clusterallreplicas", "ytsaurus"),
    }
)
_OUTSIDE_PREFIXES: Final = ("s3", "hdfs", "azureblob", "iceberg", "deltalake", "paimon", "remote")


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement with what its tokens tell.

    Attributes:
        sql: The statement; of an insert with data behind it, the part before FORMAT.
        data_format: For an insert whose data follows: the data's format; else None.
        data: That data, still as it came.
        result_format: The name in a closing FORMAT clause, if any.
        is_read: Whether it can only read.
    """

    sql: str
    data_format: str | None
    data: bytes
    result_format: str | None
    is_read: bool


def parse_statement(text: bytes) -> Statement:
    """Take apart what a client sent: SQL, or an insert's SQL with its data behind it.

    Raises:
        RequestFailure: `SYNTAX_ERROR` for nothing, for several statements, and for SQL that is not
            UTF-8.
    """
    head = text.decode("latin-1")  # one character a byte, so that places are offsets into the bytes
    found: list[Token] = []
    for token in tokens(head):
        found.append(token)
        if _is_insert_format(found):
            return _insert(text, found)
    return _plain(text, found)


def _is_insert_format(found: list[Token]) -> bool:
    return (
        len(found) > 2
        and found[0].is_word("INSERT")
        and found[-2].is_word("FORMAT")
        and found[-2].depth == 0
        and found[-1].kind == "word"
        and not any(token.is_word("SELECT", "WITH") and token.depth == 0 for token in found)
    )


def _insert(text: bytes, found: list[Token]) -> Statement:
    start = found[-1].end
    while text[start : start + 1] in {b" ", b"\t", b"\r"}:
        start += 1
    if text[start : start + 1] in {b"\n", b";"}:
        start += 1
    sql = _utf8(text[: found[-2].start])
    _refuse_outside(found, everyone=True)
    return Statement(sql, found[-1].text, text[start:], None, False)


def _plain(text: bytes, found: list[Token]) -> Statement:
    while found and found[-1].text == ";":
        found.pop()
    if not found:
        raise refuse(SYNTAX_ERROR, "Empty query")
    if any(token.kind == "sign" and token.text == ";" for token in found):
        raise refuse(SYNTAX_ERROR, "Multi-statements are not allowed")
    _refuse_outside(found, everyone=True)
    first = next((token for token in found if token.text != "("), found[0])
    named = len(found) > 1 and found[-2].is_word("FORMAT") and found[-1].kind == "word"
    sql = _utf8(text[: found[-1].end])
    result_format = found[-1].text if named else None
    return Statement(sql, None, b"", result_format, first.is_word(*_READS))


def check_read_only(statement: Statement) -> None:
    """Refuse what an auditor may not run.

    Raises:
        RequestFailure: `READONLY` for anything but reading, and for functions that reach out of the
            database.
    """
    if not statement.is_read:
        raise refuse(READONLY, "Cannot execute query in readonly mode.")
    _refuse_outside(list(tokens(statement.sql)), everyone=False)


def _refuse_outside(found: list[Token], *, everyone: bool) -> None:
    """Refuse files of this machine (for everyone) and other servers (for auditors)."""
    for token, after in pairwise(found):
        name = token.text.lower()
        if token.is_word("INTO") and after.is_word("OUTFILE"):
            raise refuse(READONLY, "INTO OUTFILE is not allowed over HTTP.")
        if token.is_word("FROM") and after.is_word("INFILE"):
            raise refuse(READONLY, "FROM INFILE is not allowed over HTTP.")
        if after.text != "(" or token.kind not in {"word", "quoted"}:
            continue
        if name in {"file", "filecluster"} or (not everyone and _reaches_out(name)):
            raise refuse(READONLY, f"Function {name} is not allowed here.")


def _reaches_out(name: str) -> bool:
    return name in _OUTSIDE or name.startswith(_OUTSIDE_PREFIXES)


def _utf8(sql: bytes) -> str:
    try:
        return sql.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise refuse(SYNTAX_ERROR, "The query is not UTF-8") from exc
