"""What a request asks for, apart from who asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from consentlog.local.clickhouse_front.failure import NOT_IMPLEMENTED, SYNTAX_ERROR, refuse
from consentlog.local.clickhouse_front.statement import Statement, parse_statement

_PARAMETER_PREFIX: Final = "param_"
_SETTING_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")

# Parameters of the interface itself; everything else in the URL is a setting for the engine.
_CONTROL: Final = frozenset(
    {
        *(
            "query",
            "query_id",
            "database",
            "default_format",
            "user",
            "password",
            "role",
            "quota_key",
        ),
        *("quota_key", "session_id", "session_timeout", "session_check", "compress", "decompress"),
        *("enable_http_compression", "wait_end_of_query", "buffer_size", "client_protocol_version"),
        *("send_progress_in_http_headers", "http_headers_progress_interval_ms", "stacktrace"),
        *("cancel_http_readonly_queries_on_client_close", "add_http_cors_header"),
    }
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: the statement and what goes with it.

    `parameters` are escaped as in TSV, as clients send them and the engine takes them; `settings`
    have checked names and raw values.
    """

    statement: Statement
    parameters: Mapping[str, str]
    settings: Mapping[str, str]
    database: str
    default_format: str
    query_id: str


def parse_ask(params: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Ask:
    """Read a request.

    Args:
        params: The URL's parameters.
        headers: A mapping that ignores case.
        body: Decompressed.

    Raises:
        RequestFailure: Nothing asked, several statements, a setting that has no name, native
            compression or a form body (which the front does not speak).
    """
    if params.get("compress") == "1" or params.get("decompress") == "1":
        raise refuse(NOT_IMPLEMENTED, "Native compression is not supported; use Accept-Encoding")
    if headers.get("content-type", "").startswith("multipart/"):
        raise refuse(NOT_IMPLEMENTED, "Form bodies and external tables are not supported")
    return Ask(
        statement=parse_statement(_text(params.get("query", ""), body)),
        parameters=_parameters(params),
        settings=_settings(params),
        database=params.get("database") or headers.get("x-clickhouse-database") or "default",
        default_format=params.get("default_format")
        or headers.get("x-clickhouse-format")
        or "TabSeparated",
        query_id=params.get("query_id", ""),
    )


def _text(query: str, body: bytes) -> bytes:
    if not query:
        return body
    return query.encode("utf-8") + b"\n" + body if body else query.encode("utf-8")


def _parameters(params: Mapping[str, str]) -> dict[str, str]:
    size = len(_PARAMETER_PREFIX)
    return {
        name[size:]: value for name, value in params.items() if name.startswith(_PARAMETER_PREFIX)
    }


def _settings(params: Mapping[str, str]) -> dict[str, str]:
    settings = {
        name: value
        for name, value in params.items()
        if name not in _CONTROL and not name.startswith(_PARAMETER_PREFIX)
    }
    for name in settings:
        if not _SETTING_NAME.fullmatch(name):
            raise refuse(SYNTAX_ERROR, "A URL parameter is not the name of a setting")
    return settings
