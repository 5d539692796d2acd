"""Migrations of the stack's own ClickHouse."""

from __future__ import annotations

import clickhouse_connect

from consentlog.clickhouse.migrate import migrate
from consentlog.local.ports import LOOPBACK


def migrate_local(port: int, password: str, database: str = "consentlog") -> list[str]:
    """Bring the database up to date as the writer.

    Args:
        port: Of ClickHouse's HTTP interface on loopback.
        password: Of the user `writer`.
        database: Made if missing.

    Returns:
        Names of the migrations applied now.
    """
    client = clickhouse_connect.get_client(
        host=LOOPBACK, port=port, username="writer", password=password
    )
    try:
        return migrate(client, database)
    finally:
        client.close()
