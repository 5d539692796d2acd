"""A history to write to: migrated database, clients, and what stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from consentlog.clickhouse.client import ClickHouseClient, build_client
from consentlog.local.clickhouse_node import ClickHouseAccess
from consentlog.settings import ClickHouseSettings


def settings_of(access: ClickHouseAccess, database: str) -> ClickHouseSettings:
    """Return the settings of a writer."""
    return ClickHouseSettings(
        url=access.url, user=access.user, password=SecretStr(access.password), database=database
    )


@contextmanager
def client_of(access: ClickHouseAccess, database: str) -> Iterator[ClickHouseClient]:
    """Connect as the writer."""
    client = build_client(settings_of(access, database))
    try:
        yield client
    finally:
        client.close()
