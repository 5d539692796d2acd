"""Reads a JSON body strictly, before anything looks into it."""

from __future__ import annotations

import json
from typing import NoReturn

from consentlog.http.problems import RequestRefused


def parse_json(body: bytes) -> object:
    """Parse a request body.

    Returns:
        Objects, lists, strings, finite numbers, booleans and None.

    Raises:
        RequestRefused: `CL-1002` for anything that is not UTF-8 JSON: `NaN`, a key given twice, or
            nesting and integers beyond what Python's parser takes, too.

    Source: RFC 8259; RFC 7493 2.3 (keys given twice).
    """
    try:
        return json.loads(
            body.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_without_twins
        )
    except UnicodeDecodeError:
        raise RequestRefused("CL-1002", reason="it is not UTF-8") from None
    except json.JSONDecodeError as exc:
        reason = f"{exc.msg} at line {exc.lineno}, column {exc.colno}"
        raise RequestRefused("CL-1002", reason=reason) from None
    except (ValueError, RecursionError):
        reason = "it uses what JSON has not (NaN, a key twice), or nests or counts too far"
        raise RequestRefused("CL-1002", reason=reason) from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
