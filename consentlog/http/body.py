"""Reads a JSON body strictly, before anything looks into it."""

from __future__ import annotations

import json
from typing import Final, NoReturn

from consentlog.http.problems import RequestRefused

MAX_DEPTH: Final = 64
"""Nesting that a body may have; far more than any shape needs.

What Python's parser takes depends on how deep its caller stands, and what it took can be too deep
to be written again, for a review: that would be a failure of ours instead of an answer.
"""


def parse_json(body: bytes) -> object:
    """Parse a request body.

    Returns:
        Objects, lists, strings, finite numbers, booleans and None.

    Raises:
        RequestRefused: `CL-1002` for anything that is not UTF-8 JSON: `NaN`, a key given twice, too
            deep nesting, or integers beyond what Python's parser takes, too.

    Source: RFC 8259; RFC 7493 2.3 (keys given twice).
    """
    try:
        found = json.loads(
            body.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_without_twins
        )
    except UnicodeDecodeError:
        raise RequestRefused("CL-1002", reason="it is not UTF-8") from None
    except json.JSONDecodeError as exc:
        reason = f"{exc.msg} at line {exc.lineno}, column {exc.colno}"
        raise RequestRefused("CL-1002", reason=reason) from None
    except (ValueError, RecursionError):
        raise _refused() from None
    # Most bodies have fewer brackets than that in all.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_deep(found):
        raise _refused()
    return found


def _refused() -> RequestRefused:
    reason = "it uses what JSON has not (NaN, a key twice), or nests or counts too far"
    return RequestRefused("CL-1002", reason=reason)


def _is_deep(found: object) -> bool:
    """Walk down level by level, so that no depth is too much for this itself."""
    level = [found]
    for _ in range(MAX_DEPTH + 1):
        inner: list[object] = []
        for one in level:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        if not inner:
            return False
        level = inner
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
