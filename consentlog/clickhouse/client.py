"""ClickHouse over HTTP: the one place that knows clickhouse-connect and its errors."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from consentlog.errors import ConsentLogError, FatalError, TransientError
from consentlog.observability.masking import mask_text
from consentlog.settings import ClickHouseSettings

Row = tuple[Any, ...]

_AUTHENTICATION_FAILED: Final = 516
_BUSY: Final = frozenset(
    # Timeouts, overload, network between replicas, memory, too many parts, shutdown.
    {159, 160, 202, 203, 209, 210, 236, 241, 242, 243, 252, 279, 290, 319, 394, 425, 439, 473, 999}
)
_REASON_CHARS: Final = 300

# Its error lines quote the URL, and a retry that succeeds is no news: errors reach the operator
# through this adapter, translated.
logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL + 1)


class ClickHouseClient:
    """Statements and inserts in one database; safe for one thread at a time.

    SQL names the database as `{database:Identifier}`.

    Args:
        client: A connected clickhouse-connect client without session.
        database: Database of the history tables; it need not exist yet.
    """

    def __init__(self, client: Client, database: str) -> None:
        self._client = client
        self.database = database

    def rows(self, sql: str, *, as_bytes: bool = False, **parameters: object) -> list[Row]:
        """Run a query.

        Args:
            sql: One statement, with `{name:Type}` places.
            as_bytes: Return strings as bytes, for columns that hold the log's own bytes.
            parameters: Values of the places. They travel in the URL: never a phone number.

        Returns:
            Rows in order; DateTime64 columns as aware UTC datetimes.

        Raises:
            TransientError: `CL-8101` without an answer, `CL-8102` if the server is busy.
            FatalError: `CL-8103` for wrong credentials, `CL-8104` for any other refusal.
        """
        return list(self._query(sql, as_bytes, parameters).result_rows)

    def documents(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        """Run a query and return each row as a mapping from column name to value.

        Raises:
            TransientError: As `rows`.
            FatalError: As `rows`.
        """
        return list(self._query(sql, False, parameters).named_results())

    def command(self, sql: str, **parameters: object) -> None:
        """Run a statement that returns nothing.

        Raises:
            TransientError: As `rows`.
            FatalError: As `rows`.
        """
        try:
            self._client.command(sql, parameters=self._places(parameters))
        except ClickHouseError as exc:
            raise translated(exc) from None

    def insert(
        self,
        table: str,
        columns: Mapping[str, str],
        rows: Sequence[Sequence[Any]],
        token: str,
        *,
        database: str | None = None,
    ) -> None:
        """Insert rows as one block, which ClickHouse writes whole or not at all.

        Args:
            table: Name of the table.
            columns: Column types by name, in the order of each row's values.
            rows: At least one, all of one partition, fewer than `max_insert_block_size`.
            token: A block with a token that was inserted before is taken and dropped.
            database: Instead of the client's own.

        Raises:
            TransientError: As `rows`; the block may have been written.
            FatalError: As `rows`.
        """
        try:
            context = self._client.create_insert_context(
                table,
                list(columns),
                database=database or self.database,
                column_type_names=list(columns.values()),
                data=rows,
                settings={"insert_deduplication_token": token, "async_insert": 0},
            )
            # The client would cut the rows into blocks of about 2 MB, and blocks are the unit that
            # is atomic.
            context.block_row_count = len(rows)
            self._client.insert(context=context)
        except ClickHouseError as exc:
            raise translated(exc) from None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _query(self, sql: str, as_bytes: bool, parameters: Mapping[str, object]) -> Any:
        formats = {"String": "bytes", "FixedString": "bytes"} if as_bytes else None
        try:
            return self._client.query(
                sql, parameters=self._places(parameters), query_formats=formats
            )
        except ClickHouseError as exc:
            raise translated(exc) from None

    def _places(self, parameters: Mapping[str, object]) -> dict[str, object]:
        return {"database": self.database, **parameters}


def build_client(settings: ClickHouseSettings, timeout_s: int = 20) -> ClickHouseClient:
    """Connect.

    Args:
        settings: Where and as whom.
        timeout_s: Seconds to wait for an answer; then the outcome of an insert is unknown.

    Raises:
        TransientError: `CL-8101` if nothing answers.
        FatalError: `CL-8103` for wrong credentials.
    """
    try:
        client = clickhouse_connect.get_client(
            dsn=settings.url,
            username=settings.user,
            password=settings.password.get_secret_value(),
            # Naive results would be taken for local time further on.
            tz_mode="aware",
            # A session would tie every statement to one server thread, and nothing here needs one.
            autogenerate_session_id=False,
            connect_timeout=5,
            send_receive_timeout=timeout_s,
            query_retries=0,
        )
    except ClickHouseError as exc:
        raise translated(exc) from None
    return ClickHouseClient(client, settings.database)


def translated(error: ClickHouseError) -> ConsentLogError:
    """Say in this project's terms what clickhouse-connect raised.

    Callers raise the result `from None`: the original's text holds the URL with its parameters.
    """
    code = getattr(error, "code", None)
    if code is None and isinstance(error, OperationalError):
        return TransientError("CL-8101", reason=type(error.__cause__ or error).__name__)
    reason = mask_text(str(error).partition("server response: ")[2] or str(error))[:_REASON_CHARS]
    if code in _BUSY:
        return TransientError("CL-8102", server_code=code, reason=reason)
    if code == _AUTHENTICATION_FAILED:
        return FatalError("CL-8103")
    return FatalError("CL-8104", server_code=code, reason=reason)
