"""Migrations run once, continue after a death, and refuse a changed past."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from consentlog.clickhouse import migrate as module
from consentlog.clickhouse.client import ClickHouseClient
from consentlog.clickhouse.history_table import HISTORY_COLUMNS, HOLE_COLUMNS
from consentlog.clickhouse.migrate import Migration, migrate, migrations, pending
from consentlog.errors import FatalError
from consentlog.local.clickhouse_node import ClickHouseAccess
from tests.support.history import client_of

pytestmark = pytest.mark.integration


@pytest.fixture
def client(clickhouse: ClickHouseAccess, database: str) -> Iterator[ClickHouseClient]:
    with client_of(clickhouse, database) as found:
        yield found


def columns(client: ClickHouseClient, table: str) -> dict[str, str]:
    sql = (
        "SELECT name, type FROM system.columns WHERE database = {database:String}"
        " AND table = {table:String} ORDER BY position"
    )
    return {name: kind for name, kind in client.rows(sql, table=table)}  # noqa: C416  # rows are tuples


def test_the_first_run_makes_everything_and_the_second_nothing(client: ClickHouseClient) -> None:
    names = [one.name for one in migrations()]
    assert pending(client) == names
    assert migrate(client) == names
    assert migrate(client) == []
    assert pending(client) == []
    assert columns(client, "consent_history") == dict(HISTORY_COLUMNS)
    assert columns(client, "log_holes") == dict(HOLE_COLUMNS)


def test_a_changed_checksum_is_refused(
    client: ClickHouseClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(client)
    first = migrations()[0]
    changed = Migration(first.number, first.name, first.sql + " ", "0" * 64)
    monkeypatch.setattr(module, "migrations", lambda: [changed])
    with pytest.raises(FatalError, match="CL-8105"):
        migrate(client)


def test_a_running_migration_is_respected_and_a_dead_ones_lock_is_not(
    client: ClickHouseClient,
) -> None:
    client.command(module._LOCK)
    with pytest.raises(FatalError, match="CL-8106"):
        migrate(client, lock_s=-0.1)
    time.sleep(1.1)
    assert migrate(client, lock_s=1) == [one.name for one in migrations()]


def test_a_database_that_is_missing_is_made(clickhouse: ClickHouseAccess, database: str) -> None:
    with client_of(clickhouse, f"{database}_new") as found:
        assert migrate(found)
        found.command("DROP DATABASE {database:Identifier}")
