"""Bringing a ClickHouse up to date: the local stack's at each start, any other on command."""

from __future__ import annotations

from consentlog.clickhouse.client import build_client
from consentlog.clickhouse.migrate import migrate
from consentlog.settings import ClickHouseSettings


def migrate_at(settings: ClickHouseSettings) -> list[str]:
    """Apply what is missing as the user of `settings`.

    Returns:
        Names of the migrations applied now.

    Raises:
        TransientError: Nothing answers or it is busy.
        FatalError: It refuses, or a published migration was edited.
    """
    client = build_client(settings)
    try:
        return migrate(client, settings.database)
    finally:
        client.close()
