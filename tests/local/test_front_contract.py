"""clickhouse-connect and plain HTTP drive the front as they drive a server."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from consentlog.errors import FatalError
from consentlog.local.clickhouse_node import ClickHouseAccess, ClickHouseNode

pytestmark = pytest.mark.integration

TABLE = """CREATE TABLE t (a UInt32, s String, at DateTime64(3, 'UTC'))
ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100"""
AT = datetime(2026, 11, 20, 2, 0, 0, 123000, UTC)


def connect(
    access: ClickHouseAccess,
    database: str,
    *,
    as_auditor: bool = False,
    compress: bool | str = True,
) -> Client:
    """A client as the writer, unless told otherwise."""
    return clickhouse_connect.get_client(
        host=access.host,
        port=access.port,
        username=access.auditor_user if as_auditor else access.user,
        password=access.auditor_password if as_auditor else access.password,
        database=database,
        tz_mode="aware",
        compress=compress,
    )


@pytest.fixture
def table(clickhouse: ClickHouseAccess, database: str) -> str:
    """The name of a database with an empty table `t` in it."""
    client = connect(clickhouse, database)
    client.command(TABLE)
    client.close()
    return database


@pytest.fixture
def writer(clickhouse: ClickHouseAccess, table: str) -> Iterator[Client]:
    client = connect(clickhouse, table)
    yield client
    client.close()


@pytest.fixture
def auditor(clickhouse: ClickHouseAccess, table: str) -> Iterator[Client]:
    client = connect(clickhouse, table, as_auditor=True)
    yield client
    client.close()


def rows(first: int, count: int) -> list[list[object]]:
    return [[i, f"x{i};'\\\n\t", AT] for i in range(first, first + count)]


def test_rows_come_back_as_they_went(writer: Client) -> None:
    writer.insert("t", rows(0, 10), column_names=["a", "s", "at"])
    found = writer.query(
        "SELECT a, s, at FROM t WHERE s = {s:String}", parameters={"s": "x7;'\\\n\t"}
    )
    assert found.result_rows == [(7, "x7;'\\\n\t", AT)]


def test_an_insert_is_one_block_and_its_token_counts_once(writer: Client) -> None:
    for token in ("one", "one", "two"):
        writer.insert(
            "t",
            rows(0, 5000),
            column_names=["a", "s", "at"],
            settings={"insert_deduplication_token": token},
        )
    assert writer.query("SELECT count(), uniqExact(_part) FROM t").result_rows == [(10_000, 2)]


@pytest.mark.parametrize("compress", ["lz4", "gzip", "zstd", False])
def test_every_compression(clickhouse: ClickHouseAccess, table: str, compress: str | bool) -> None:
    client = connect(clickhouse, table, compress=compress)
    client.insert("t", rows(0, 30_000), column_names=["a", "s", "at"])
    assert client.query("SELECT count(), sum(a) FROM t").result_rows == [(30_000, 449_985_000)]
    client.close()


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT nosuch", 47),
        ("SELECT * FROM nosuch", 60),
        ("SELEC 1", 62),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT file('/etc/hostname')", 164),
    ],
)
def test_errors_carry_clickhouse_s_codes(writer: Client, sql: str, code: int) -> None:
    with pytest.raises(DatabaseError) as caught:
        writer.query(sql)
    assert caught.value.code == code


def test_a_half_wrong_insert_leaves_nothing(writer: Client) -> None:
    with pytest.raises(DatabaseError):
        writer.raw_insert("t", ["a", "s"], b"1\tok\nnot a number\tbad\n", fmt="TSV")
    assert writer.query("SELECT count() FROM t").result_rows == [(0,)]


def test_a_setting_lasts_one_request(writer: Client) -> None:
    sql = "SELECT getSetting('max_threads')"
    assert writer.query(sql, settings={"max_threads": 7}).result_rows == [(7,)]
    writer.command("SET max_threads = 9")
    assert writer.query(sql).result_rows[0][0] not in {7, 9}


def test_an_unknown_setting_is_the_engine_s_error(clickhouse: ClickHouseAccess) -> None:
    status, text = get(clickhouse, "/?query=SELECT+1&nosuch=1", "writer", clickhouse.password)
    assert status == 404
    assert "Code: 115" in text


def test_an_auditor_reads(auditor: Client) -> None:
    assert auditor.query("SELECT count() FROM t").result_rows == [(0,)]
    assert auditor.query("SHOW TABLES").result_rows == [("t",)]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t (a) VALUES (1)",
        "DROP TABLE t",
        "CREATE TABLE z (a Int8) ENGINE = Memory",
        "ALTER TABLE t DELETE WHERE 1",
        "SET readonly = 0",
        "WITH x AS (SELECT 1) INSERT INTO t (a) SELECT 1",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT * FROM url('http://127.0.0.1:1', 'TSV', 'a String')",
    ],
)
def test_an_auditor_changes_nothing(auditor: Client, sql: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        auditor.command(sql)
    assert caught.value.code == 164
    with pytest.raises(DatabaseError):
        auditor.insert("t", [[1]], column_names=["a"])
    assert auditor.query("SELECT count() FROM t").result_rows == [(0,)]


def get(access: ClickHouseAccess, path: str, user: str, password: str) -> tuple[int, str]:
    """A plain GET with basic authentication."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(access.url + path, headers={"Authorization": f"Basic {token}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_plain_http(clickhouse: ClickHouseAccess) -> None:
    password = clickhouse.auditor_password
    assert get(clickhouse, "/ping", "", "") == (200, "Ok.\n")
    assert get(clickhouse, "/?query=SELECT+1+FORMAT+CSV", "auditor", password) == (200, "1\n")
    assert get(clickhouse, "/?query=SELECT+1", "auditor", "wrong")[0] == 403


def test_a_link_cannot_change_anything(clickhouse: ClickHouseAccess) -> None:
    path = "/?query=CREATE+DATABASE+planted"
    assert get(clickhouse, path, "writer", clickhouse.password)[0] == 403


def test_acknowledged_rows_survive_kill_9_and_the_directory_is_free_again(tmp_path: Path) -> None:
    node = ClickHouseNode(tmp_path)
    with node:
        client = connect(node.access, "default")
        client.command(TABLE + ", fsync_after_insert = 1")
        client.insert("t", rows(0, 100), column_names=["a", "s", "at"])
        with pytest.raises(FatalError, match=r"CL-5005.*CL-5010"):
            ClickHouseNode(tmp_path).start()
        node.kill()
        node.start()
        assert client.query("SELECT count() FROM t").result_rows == [(100,)]
        client.close()
