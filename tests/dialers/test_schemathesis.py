"""No answer of the gate that its OpenAPI document does not describe."""

from __future__ import annotations

from typing import Any

from schemathesis import Case

from consentlog.http.app import build_app
from consentlog.http.auth import Authenticator
from consentlog.ports import Position
from dialers.app import GateRoutes
from tests.support.gates import Bench
from tests.support.histories import NUMBER, refused
from tests.support.made_up import ask, operations_of


def _bring_close(case: Case[Any]) -> None:
    known = {"number": NUMBER, "entity": "acme", "channel": "voice"}
    if isinstance(case.body, dict):
        case.body |= known
        case.body.pop("min_token", None)
    if "number" in case.path_parameters:
        case.path_parameters["number"] = NUMBER
        case.query = {"entity": "acme"}


async def _never(_token: Position, _seconds: float) -> bool:
    return False


def test_every_answer_is_described_and_none_is_a_failure() -> None:
    bench = Bench()
    bench.know(refused())
    authenticator = Authenticator(bench.registry, bench.clock)
    routes = GateRoutes(bench.gate, bench.registry, authenticator, _never)
    operations = operations_of(build_app("gate", [routes.router()], bench.gate.is_ready))
    for label in ("POST /v1/decisions", "GET /v1/check/{number}"):
        ask(
            operations[label],
            40,
            ["password"],
            _bring_close,
            wanted={200, 422},
            may_be_unavailable=True,
        )
