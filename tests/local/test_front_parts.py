"""The front's smaller parts: bodies, users, settings."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable

import lz4.frame
import pytest
from backports import zstd

from consentlog.local.clickhouse_front.auth import User, Users
from consentlog.local.clickhouse_front.compression import decompress
from consentlog.local.clickhouse_front.failure import (
    AUTHENTICATION_FAILED,
    CANNOT_DECOMPRESS,
    NOT_IMPLEMENTED,
    TOO_MANY_BYTES,
    RequestFailure,
    from_engine,
)
from consentlog.local.clickhouse_front.request import parse_ask

PACKERS = {"lz4": lz4.frame.compress, "gzip": gzip.compress, "zstd": zstd.compress}
USERS = Users(User("writer", "w:p", False), User("auditor", "a", True))


@pytest.mark.parametrize("encoding", PACKERS)
def test_several_frames_are_one_body(encoding: str) -> None:
    pack: Callable[[bytes], bytes] = PACKERS[encoding]
    big = bytes(range(256)) * 40_000
    assert decompress(pack(b"one") + pack(big) + pack(b""), encoding, 1 << 30) == b"one" + big


@pytest.mark.parametrize("encoding", PACKERS)
def test_damaged_cut_and_huge_bodies_are_refused(encoding: str) -> None:
    packed = PACKERS[encoding](b"\0" * 20_000_000)
    for body, limit, code in (
        (packed[:-5], 1 << 30, CANNOT_DECOMPRESS),
        (b"not packed at all", 1 << 30, CANNOT_DECOMPRESS),
        (packed, 10_000_000, TOO_MANY_BYTES),
    ):
        with pytest.raises(RequestFailure) as caught:
            decompress(body, encoding, limit)
        assert caught.value.code == code


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(RequestFailure) as caught:
        decompress(b"x", "br", 100)
    assert (caught.value.code, caught.value.status) == (NOT_IMPLEMENTED, 501)


def basic(text: str) -> dict[str, str]:
    """A basic authorization header."""
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def test_three_ways_to_say_who_one_is() -> None:
    assert USERS.authenticate({}, basic("writer:w:p")).name == "writer"
    headers = {"x-clickhouse-user": "auditor", "x-clickhouse-key": "a"}
    assert USERS.authenticate({}, headers).is_read_only
    assert USERS.authenticate({"user": "auditor", "password": "a"}, {}).is_read_only


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("writer:"),
        basic("writer:w:p2"),
        basic("nobody:a"),
        {"authorization": "Basic %%%"},
        {"authorization": "Bearer x"},
        {"x-clickhouse-user": "", "x-clickhouse-key": ""},
    ],
)
def test_anybody_else_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(RequestFailure) as caught:
        USERS.authenticate({}, headers)
    assert (caught.value.code, caught.value.status) == (AUTHENTICATION_FAILED, 403)


def test_what_is_a_setting_and_what_is_not() -> None:
    params = {"query": "SELECT 1", "max_threads": "1", "param_a": "x", "session_id": "s"}
    ask = parse_ask(params, {}, b"")
    assert (ask.settings, ask.parameters) == ({"max_threads": "1"}, {"a": "x"})
    assert (ask.database, ask.default_format) == ("default", "TabSeparated")


@pytest.mark.parametrize("name", ["a = 1, b", "a;", "1a", "a'"])
def test_a_setting_cannot_smuggle_sql(name: str) -> None:
    with pytest.raises(RequestFailure):
        parse_ask({"query": "SELECT 1", name: "1"}, {}, b"")


def test_the_engine_s_code_is_kept() -> None:
    failure = from_engine(RuntimeError("Streaming insert failed: Code: 60. DB::Exception: no t"))
    assert (failure.code, failure.status) == (60, 404)
    assert failure.text.startswith("Code: 60.")
