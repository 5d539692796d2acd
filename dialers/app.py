"""The gate over HTTP: `POST /v1/decisions`, and `GET /v1/check/{number}` for debugging."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from consentlog.domain.decision import Reason, ReasonCode, Verdict
from consentlog.domain.registry import Registry
from consentlog.errors import StaleState
from consentlog.http.auth import Authenticator, Principal
from consentlog.http.described import KEYED, Answers, json_answer, problems
from consentlog.http.language import language_of
from consentlog.http.problems import RequestRefused, problem_response
from consentlog.ports import Position
from dialers.answers import DECIDED, body_of
from dialers.explaining import Explainer
from dialers.gate import Answer, Gate
from dialers.metrics import count_decision
from dialers.questions import CheckParams, DecisionRequest, Number

SCOPE = "check:read"

_ANSWERS: Final[Answers] = {
    200: json_answer("The decision: contact only on `allow`.", DECIDED),
    **problems("CL-1101", "CL-1102", "CL-1103", "CL-2004", "CL-2001", "CL-2002"),
}

WaitFor: TypeAlias = Callable[[Position, float], Awaitable[bool]]
"""Waits at most that many seconds for a token; tells whether it is visible."""


@dataclass(frozen=True, slots=True)
class GateRoutes:
    """The gate's routes, and what they need."""

    gate: Gate
    registry: Registry
    authenticator: Authenticator
    wait_for: WaitFor

    def router(self) -> APIRouter:
        """Build the routes."""
        router = APIRouter()

        @router.post(
            "/v1/decisions",
            summary="May this contact be made now?",
            response_model=None,
            responses=_ANSWERS | problems("CL-1001", "CL-1002", "CL-1006"),
            openapi_extra={"security": KEYED},
        )
        async def decide(request: Request, asked: DecisionRequest) -> Response:
            return await self._serve(request, asked.number, asked)

        @router.get(
            "/v1/check/{number}",
            summary="The same, for loopback and debugging",
            response_model=None,
            responses=_ANSWERS | problems("CL-1001"),
            openapi_extra={"security": KEYED},
        )
        async def check(
            request: Request,
            number: Annotated[Number, Path()],
            asked: Annotated[CheckParams, Query()],
        ) -> Response:
            return await self._serve(request, number, asked)

        return router

    async def _serve(self, request: Request, number: str, asked: CheckParams) -> Response:
        principal = self.authenticator.of(request)
        principal.require(SCOPE)
        self._check_entity(principal, asked.entity)
        token = asked.token
        if token is not None and not await self.wait_for(token, asked.wait_ms / 1000):
            late = StaleState("CL-2002", token=str(token), wait_ms=asked.wait_ms)
            return problem_response(request, late, verdict="deny")
        answer = self.gate.answer(asked.question(number, principal.source.region))
        count_decision(answer)
        return self._respond(request, principal, answer, explained=asked.explain)

    def _check_entity(self, principal: Principal, entity: str) -> None:
        # One that the registry does not know is nobody's secret: the gate answers that it is
        # unknown, which helps whoever mistyped it.
        if entity in self.registry.entities and entity not in principal.source.entities:
            raise RequestRefused("CL-2004", entity=entity)

    def _respond(
        self, request: Request, principal: Principal, answer: Answer, *, explained: bool
    ) -> JSONResponse:
        language = language_of(request.headers.get("accept-language"))
        explainer = Explainer(self.registry, self.gate.policy)
        body = body_of(answer) | {"request_id": request.state.request_id}
        if answer.decision.verdict is Verdict.DENY:
            body["why_denied"] = explainer.why(answer, principal, language)
        part = explainer.part(answer, principal) if explained else None
        if part is not None:
            body["explanation"] = part
        if answer.is_final:
            headers = {"Content-Language": language, "Vary": "Accept-Language"}
            return JSONResponse(body, headers=headers)
        stale = StaleState("CL-2001", reason=_doubt(answer.decision.reasons))
        return problem_response(request, stale, **body)


def _doubt(reasons: tuple[Reason, ...]) -> str | None:
    return next(reason.detail for reason in reasons if reason.code is ReasonCode.STALE)
