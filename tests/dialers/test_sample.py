"""The sample dialer and `consentlog check`: nobody is called but on a clear *allow*."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from consentlog.cli.check import app
from consentlog.errors import InvalidEvent
from consentlog.explain.wording import say_reason
from dialers import client as client_module
from dialers.client import GateClient
from dialers.sample import Entry, read_call_list, work

ENTRY = Entry("+8613800138000", "acme", None, "voice")
Answering = Callable[[httpx2.Request], httpx2.Response]


def worked(answering: Answering) -> tuple[list[Entry], list[object]]:
    called: list[Entry] = []
    with GateClient("http://gate", "k", httpx2.MockTransport(answering)) as gate:
        rows = list(work([ENTRY], gate, called.append))
    return called, [(row.number, row.verdict, row.called, row.problem) for row in rows]


def refuse_connection(_request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("refused")


def test_an_allow_is_called() -> None:
    called, rows = worked(lambda _: httpx2.Response(200, json={"verdict": "allow"}))
    assert called == [ENTRY]
    assert rows == [("+86138****8000", "allow", True, None)]


@pytest.mark.parametrize(
    ("answering", "problem"),
    [
        (lambda _: httpx2.Response(200, json={"verdict": "deny", "reasons": []}), None),
        (lambda _: httpx2.Response(503, json={"verdict": "allow", "code": "CL-2001"}), "CL-2001"),
        (lambda _: httpx2.Response(401, json={"code": "CL-1102"}), "CL-1102"),
        (lambda _: httpx2.Response(200, json={"verdict": "ALLOW"}), None),
        (lambda _: httpx2.Response(200, json=["allow"]), "CL-2005"),
        (lambda _: httpx2.Response(200, text="allow"), "CL-2005"),
        (lambda _: httpx2.Response(302, headers={"Location": "http://x"}), "CL-2005"),
        (refuse_connection, "CL-2005"),
    ],
)
def test_anything_else_is_not_called(answering: Answering, problem: str | None) -> None:
    called, rows = worked(answering)
    assert called == []
    assert rows == [("+86138****8000", "deny", False, problem)]


def test_a_call_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("number,entity,campaign,channel\n13800138000,acme,x,voice\n1,acme,,sms\n\n")
    assert read_call_list(path) == [
        Entry("13800138000", "acme", "x", "voice"),
        Entry("1", "acme", None, "sms"),
    ]


@pytest.mark.parametrize(
    "text", ["", "phone\n1\n", "number,entity,campaign,channel\n1,acme,x\n,acme,x,voice\n"]
)
def test_a_list_that_is_half_understood_is_not_worked(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(InvalidEvent) as caught:
        read_call_list(path)
    assert caught.value.code == "CL-2006"


def test_reasons_read_as_sentences() -> None:
    reason = {"code": "refused", "event_id": "ab", "at": "2025-11-22T04:00:00.000Z"}
    said = "the person refused (event ab; only a grant later than 2025-11-22T04:00:00.000Z counts)"
    assert say_reason(reason, "en") == said
    assert say_reason({"code": "held", "detail": "dispute"}, "zh") == "联系已暂停（争议）"
    assert say_reason({"code": "new"}, "en") == "new"


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (httpx2.Response(200, json={"verdict": "allow", "reasons": []}), 0, "ALLOW"),
        (
            httpx2.Response(200, json={"verdict": "deny", "reasons": [{"code": "refused"}]}),
            3,
            "the person refused",
        ),
        (
            httpx2.Response(403, json={"code": "CL-2004", "detail": "not yours", "do": "x"}),
            1,
            "not",
        ),
    ],
)
def test_check_tells_a_person(
    answer: httpx2.Response,
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transport = httpx2.MockTransport(lambda _: answer)
    monkeypatch.setattr(
        "consentlog.cli.check.GateClient", lambda url, key: GateClient(url, key, transport)
    )
    key = tmp_path / "key"
    key.write_text("k\n")
    options = ["--entity", "acme", "--url", "http://gate", "--key-file", str(key), "--lang", "en"]
    result = CliRunner().invoke(app, [ENTRY.number, *options])
    assert (result.exit_code, said in result.stderr) == (code, True)
    assert ENTRY.number not in result.output
    as_json = CliRunner().invoke(app, [ENTRY.number, *options, "--json"])
    assert json.loads(as_json.stdout) == answer.json()


def test_the_client_waits_longer_than_the_gate() -> None:
    assert client_module._LIMIT_S > 10
