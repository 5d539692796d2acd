"""What every HTTP service shares: problems, limits, keys, headers, probes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator

import httpx2
import pytest
import structlog
from fastapi import APIRouter, Request
from prometheus_client import REGISTRY, generate_latest
from pydantic import BaseModel, ConfigDict

from consentlog.domain.registry import ApiKey, Period, Registry, Source
from consentlog.errors import FatalError, TransientError, catalogue
from consentlog.http.app import build_app
from consentlog.http.auth import Authenticator
from consentlog.http.language import language_of
from tests.support.asgi import client_of

NOW_MS = 1_763_784_000_000


class _Clock:
    def now_ms(self) -> int:
        return NOW_MS


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


def _sha(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


_SOURCE = Source("desk", "phone", frozenset({"acme"}), 5000)
_REGISTRY = Registry(
    sources={"desk": _SOURCE},
    keys={
        "old": ApiKey("old", "desk", _sha("past"), frozenset({"a"}), Period(None, NOW_MS)),
        "new": ApiKey("new", "desk", _sha("good"), frozenset({"a", "role:agent"})),
    },
)


def _router() -> APIRouter:
    router, keys = APIRouter(), Authenticator(_REGISTRY, _Clock())

    @router.post("/echo")
    async def echo(body: _Body) -> dict[str, str]:
        return {"name": body.name}

    @router.get("/who/{need}")
    async def who(need: str, request: Request) -> dict[str, object]:
        principal = keys.of(request)
        principal.require(need)
        return {"source": principal.source.id, "roles": sorted(principal.roles)}

    @router.get("/fail/{kind}")
    async def fail(kind: str) -> None:
        raise {
            "fatal": FatalError("CL-6001", problems="secret detail"),
            "transient": TransientError("CL-7001", seconds=5),
        }.get(kind, RuntimeError("a secret about +8613800138000"))

    return router


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    # Captured, because an unconfigured structlog draws tracebacks in colour, seconds for each.
    with (
        structlog.testing.capture_logs(),
        client_of(build_app("test", [_router()], lambda: False)) as found,
    ):
        yield found


def _problem(response: httpx2.Response, status: int, code: str) -> dict[str, object]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = response.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"urn:consentlog:problem:{catalogue()[code].name}"
    assert all(body[part] for part in ("title", "detail", "why", "do"))
    assert "{" not in str(body["detail"])
    return body


def test_a_malformed_body_is_a_400(client: httpx2.Client) -> None:
    response = client.post("/echo", content="{", headers={"content-type": "application/json"})
    _problem(response, 400, "CL-1002")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"name": 1}, "/name"), ({}, "/name"), ({"name": "a", "x/~y": 1}, "/x~1~0y"), ([], "")],
)
def test_a_wrong_field_is_a_422_that_points_at_it(
    client: httpx2.Client, body: object, pointer: str
) -> None:
    found = _problem(client.post("/echo", json=body), 422, "CL-1001")
    errors = found["errors"]
    assert isinstance(errors, list)
    assert [error["pointer"] for error in errors] == [pointer]


def test_no_input_is_quoted_in_a_problem(client: httpx2.Client) -> None:
    response = client.post("/echo", json={"name": {"n": "13800138000"}})
    assert "13800138000" not in response.text


def test_a_number_in_a_name_is_masked_in_a_problem(client: httpx2.Client) -> None:
    assert "13800138000" not in client.post("/echo", json={"13800138000": "x"}).text
    key = {"x-api-key": "good"}
    assert "13800138000" not in client.get("/who/role:13800138000", headers=key).text


def test_no_label_is_made_for_a_method_that_nobody_knows(client: httpx2.Client) -> None:
    client.request("X13800138000", "/echo")
    assert "13800138000" not in generate_latest(REGISTRY).decode()


def test_problems_speak_the_callers_language(client: httpx2.Client) -> None:
    english = client.get("/nowhere").json()
    response = client.get("/nowhere", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert response.headers["content-language"] == "zh"
    assert response.json()["detail"] == catalogue()["CL-1003"].zh.what
    assert english["detail"] == catalogue()["CL-1003"].en.what


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "en"),
        ("zh", "zh"),
        ("en;q=0.3,zh-Hant-TW;q=0.5", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=x", "en"),
    ],
)
def test_language_is_negotiated(header: str | None, language: str) -> None:
    assert language_of(header) == language


def test_unknown_addresses_and_methods_are_problems(client: httpx2.Client) -> None:
    _problem(client.get("/nowhere"), 404, "CL-1003")
    response = client.get("/echo")
    _problem(response, 405, "CL-1004")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("kind", ["fatal", "bug"])
def test_the_unexpected_is_a_500_without_details(client: httpx2.Client, kind: str) -> None:
    response = client.get(f"/fail/{kind}")
    _problem(response, 500, "CL-1000")
    assert "secret" not in response.text
    assert response.headers["cache-control"] == "no-store"


def test_a_log_that_does_not_answer_is_a_503_to_come_back_to(client: httpx2.Client) -> None:
    response = client.get("/fail/transient")
    _problem(response, 503, "CL-7001")
    assert int(response.headers["retry-after"]) > 0


def test_a_large_body_is_a_413_whether_announced_or_not(client: httpx2.Client) -> None:
    _problem(client.post("/echo", content=b"x" * 10_000_000), 413, "CL-1005")

    response = client.post("/echo", content=iter([b"x" * 4096] * 300))
    assert "content-length" not in response.request.headers
    _problem(response, 413, "CL-1005")


def test_a_body_at_the_limit_passes(client: httpx2.Client) -> None:
    name = "x" * (1_048_576 - len(json.dumps({"name": ""}, separators=(",", ":"))))
    response = client.post("/echo", json={"name": name})
    assert response.json() == {"name": name}


def test_keys_are_recognised_in_both_headers(client: httpx2.Client) -> None:
    for headers in ({"authorization": "Bearer good"}, {"x-api-key": "good"}):
        response = client.get("/who/a", headers=headers)
        assert response.json() == {"source": "desk", "roles": ["agent"]}


def test_keys_that_do_not_hold_are_refused(client: httpx2.Client) -> None:
    response = client.get("/who/a")
    _problem(response, 401, "CL-1101")
    assert response.headers["www-authenticate"] == "Bearer"
    _problem(client.get("/who/a", headers={"authorization": "Basic good"}), 401, "CL-1101")
    _problem(client.get("/who/a", headers={"x-api-key": "wrong"}), 401, "CL-1102")
    _problem(client.get("/who/a", headers={"x-api-key": "past"}), 401, "CL-1102")
    _problem(client.get("/who/b", headers={"x-api-key": "good"}), 403, "CL-1103")


def test_every_answer_carries_its_headers(client: httpx2.Client) -> None:
    for path in ("/healthz", "/nowhere", "/fail/bug"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert len(headers["x-request-id"]) == 32


def test_probes_and_documents(client: httpx2.Client) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert 'route="/nowhere"' not in client.get("/metrics").text
    assert client.get("/redoc").status_code == 404
    document = client.get("/openapi.json").json()
    assert {"/echo", "/healthz", "/readyz", "/metrics"} <= document["paths"].keys()


def test_the_description_names_our_errors_and_no_others(client: httpx2.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    echo = document["paths"]["/echo"]["post"]
    assert {"200", "413", "422", "500"} == echo["responses"].keys()
    for status in ("413", "422", "500"):
        (media,) = echo["responses"][status]["content"]
        assert media == "application/problem+json"
    assert "HTTPValidationError" not in json.dumps(document)


def test_the_page_for_people_loads_nothing_and_names_everything(client: httpx2.Client) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.search(r"<script|<link|<img|<iframe|\bsrc=|url\(|@import|https?:", page.text)
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page.text
    for code in ("CL-1000", "CL-1001", "CL-1005"):
        assert catalogue()[code].zh.do.split("`")[0] in page.text
    anchors = re.findall(r'href="#([^"]+)"', page.text)
    assert anchors
    assert set(anchors) <= set(re.findall(r'id="([^"]+)"', page.text))


def test_a_request_is_named_by_its_caller_too(client: httpx2.Client) -> None:
    with structlog.testing.capture_logs() as lines:
        for name in ("call-4711", "x" * 128):
            answer = client.get("/nowhere", headers={"x-correlation-id": name})
            assert answer.headers["x-correlation-id"] == name
        for name in ("", "two words", "x" * 129, "\x7f", "é"):
            headers = {b"x-correlation-id": name.encode()}
            answer = client.get("/nowhere", headers=headers)
            assert "x-correlation-id" not in answer.headers
    assert "call-4711" not in str(lines)


def test_paths_are_never_logged(client: httpx2.Client) -> None:
    with structlog.testing.capture_logs() as lines:
        client.get("/who/13800138000", headers={"x-api-key": "good"})
        client.get("/13800138000")
    assert [line["route"] for line in lines] == ["/who/{need}", "unmatched"]
    assert "13800138000" not in str(lines)
