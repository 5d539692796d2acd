"""Applies migrations in order, each once, and refuses one that was changed afterwards."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Final

from consentlog.clickhouse.client import ClickHouseClient
from consentlog.clickhouse.statements import split_statements
from consentlog.errors import FatalError

_NAME: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_TABLE_ALREADY_EXISTS: Final = 57
_UNKNOWN_TABLE: Final = 60
_LOCK_SECONDS: Final = 15
"""A lock older than this was left by a process that died: a migration takes far less."""

_BOOK: Final = """
CREATE TABLE IF NOT EXISTS {database:Identifier}.schema_migrations
(number UInt32, name String, sha256 String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = MergeTree ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,
    non_replicated_deduplication_window = 1000
"""
_BOOK_COLUMNS: Final = {"number": "UInt32", "name": "String", "sha256": "String"}
_LOCK: Final = "CREATE TABLE {database:Identifier}.schema_migration_lock (held UInt8) ENGINE = Log"
_LOCK_AGE: Final = """
SELECT toInt64(now()) - toInt64(metadata_modification_time) FROM system.tables
WHERE database = {database:String} AND name = 'schema_migration_lock'
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file: `name` with number, its SQL, and the SHA-256 (hex) of its bytes."""

    number: int
    name: str
    sql: str
    sha256: str


def migrations() -> list[Migration]:
    """Read the migrations that come with this version, in order."""
    found = []
    for file in resources.files("consentlog.clickhouse.migrations").iterdir():
        if match := _NAME.fullmatch(file.name):
            data = file.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            found.append(Migration(int(match[1]), file.name, data.decode(), digest))
    return sorted(found, key=lambda one: one.number)


def migrate(
    client: ClickHouseClient, database: str | None = None, lock_s: float = _LOCK_SECONDS
) -> list[str]:
    """Bring a database to this version's tables; makes the database if it is missing.

    May run twice, also at the same time: a lock keeps runs apart, and each statement is harmless
    when repeated, so a run that died in the middle is simply continued.

    Args:
        client: As a user that may create tables.
        database: Database to migrate; None = the client's own.
        lock_s: Age in seconds at which another run's lock counts as left behind.

    Returns:
        Names of the migrations applied now; empty if all were.

    Raises:
        FatalError: `CL-8105` if an applied migration was changed, `CL-8106` if another run holds
            the lock.
        TransientError: `CL-8101`, `CL-8102` if ClickHouse does not answer.
    """
    name = database or client.database
    client.command("CREATE DATABASE IF NOT EXISTS {database:Identifier}", database=name)
    with _locked(client, name, lock_s):
        client.command(_BOOK, database=name)
        return [one.name for one in migrations() if _apply(client, name, one)]


def pending(client: ClickHouseClient) -> list[str]:
    """Return the names of migrations that were not applied to the client's database.

    Raises:
        FatalError: `CL-8105` if an applied migration was changed.
        TransientError: `CL-8101`, `CL-8102` if ClickHouse does not answer.
    """
    try:
        return [one.name for one in migrations() if not _is_applied(client, client.database, one)]
    except FatalError as error:
        if error.params.get("server_code") in {_UNKNOWN_TABLE, 81}:
            return [one.name for one in migrations()]
        raise


def _apply(client: ClickHouseClient, database: str, one: Migration) -> bool:
    if _is_applied(client, database, one):
        return False
    for statement in split_statements(one.sql):
        client.command(statement, database=database)
    client.insert(
        "schema_migrations",
        _BOOK_COLUMNS,
        [(one.number, one.name, one.sha256)],
        f"{one.name}/{one.sha256}",
        database=database,
    )
    return True


def _is_applied(client: ClickHouseClient, database: str, one: Migration) -> bool:
    found = client.rows(
        "SELECT sha256 FROM {database:Identifier}.schema_migrations WHERE number = {number:UInt32}",
        database=database,
        number=one.number,
    )
    if any(sha256 != one.sha256 for (sha256,) in found):
        raise FatalError("CL-8105", name=one.name)
    return bool(found)


@contextmanager
def _locked(client: ClickHouseClient, database: str, lock_s: float) -> Iterator[None]:
    deadline = time.monotonic() + 2 * lock_s
    while not _take_lock(client, database):
        if time.monotonic() > deadline:
            raise FatalError("CL-8106", database=database)
        _clear_stale_lock(client, database, lock_s)
        time.sleep(0.1)
    try:
        yield
    finally:
        client.command(
            "DROP TABLE IF EXISTS {database:Identifier}.schema_migration_lock", database=database
        )


def _take_lock(client: ClickHouseClient, database: str) -> bool:
    try:
        client.command(_LOCK, database=database)
    except FatalError as error:
        if error.params.get("server_code") == _TABLE_ALREADY_EXISTS:
            return False
        raise
    return True


def _clear_stale_lock(client: ClickHouseClient, database: str, lock_s: float) -> None:
    """Take a dead run's lock out of the way.

    Two runs may do so at once and then both go on: statements are harmless when repeated.
    """
    age = client.rows(_LOCK_AGE, database=database)
    if not age or age[0][0] < lock_s:
        return
    grave = f"schema_migration_lock_{secrets.token_hex(4)}"
    try:
        client.command(
            "RENAME TABLE {database:Identifier}.schema_migration_lock"
            " TO {database:Identifier}.{grave:Identifier}",
            database=database,
            grave=grave,
        )
    except FatalError as error:
        if error.params.get("server_code") == _UNKNOWN_TABLE:
            return
        raise
    client.command(
        "DROP TABLE {database:Identifier}.{grave:Identifier}", database=database, grave=grave
    )
