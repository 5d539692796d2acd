from __future__ import annotations

import json

import pytest

from consentlog.http.body import MAX_DEPTH, parse_json
from consentlog.http.problems import RequestRefused


def _nested(depth: int) -> bytes:
    return b'[{"x": ' + b"[" * (depth - 2) + b"0" + b"]" * (depth - 2) + b"}]"


def test_what_is_taken_can_be_written_again() -> None:
    found = parse_json(_nested(MAX_DEPTH))
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, MAX_DEPTH + 2, 500, 900, 100_000])
def test_nesting_has_one_bound_however_deep_the_caller_stands(depth: int) -> None:
    with pytest.raises(RequestRefused, match="CL-1002"):
        parse_json(_nested(depth))


def test_a_long_list_is_not_deep() -> None:
    body = b"[" + b",".join([b'{"a": [1, {"b": []}]}'] * 1000) + b"]"
    found = parse_json(body)
    assert isinstance(found, list)
    assert len(found) == 1000


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"[" + b"9" * 5000 + b"]"]
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(RequestRefused, match="CL-1002"):
        parse_json(body)
