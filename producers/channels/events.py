"""`POST /v1/consent-events`: phone agents, customer service, app and web back ends, compliance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from consentlog.domain.acts import LOOSENING
from consentlog.http.auth import Authenticator, Principal
from consentlog.http.body import parse_json
from consentlog.http.language import language_of
from consentlog.http.problems import RequestRefused, pointers_of
from consentlog.ports import Clock, Delivered
from producers.accept import Acceptor
from producers.draft import Reception
from producers.idempotency import Answers
from producers.intake import Intake
from producers.limits import RateLimit
from producers.openapi import EVENTS_ANSWERS, EVENTS_HEADERS, EVENTS_SECURITY, request_body
from producers.outcome import Outcome
from producers.request import MAX_REF, EventRequest
from producers.results import accepted, result_of, review_id
from producers.source_clock import measured_offset

MAX_ITEMS: Final = 1000


class EventsChannel:
    """The channel of systems that state acts themselves.

    Args:
        keys: Recognises the caller.
        acceptor: Decides what becomes of an act.
        intake: Delivers it.
        clock: What a source's clock is compared with.
        limit: How fast a key may send.
    """

    def __init__(
        self,
        keys: Authenticator,
        acceptor: Acceptor,
        intake: Intake,
        clock: Clock,
        limit: RateLimit,
    ) -> None:
        self._keys = keys
        self._acceptor = acceptor
        self._intake = intake
        self._clock = clock
        self._limit = limit
        self._answers = Answers(clock)

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter(tags=["events"])
        router.add_api_route(
            "/v1/consent-events",
            self.post,
            methods=["POST"],
            status_code=202,
            response_model=None,
            summary="Record one act, or a list of at most 1000",
            responses=EVENTS_ANSWERS,
            openapi_extra={
                **request_body(EventRequest, MAX_ITEMS),
                "parameters": EVENTS_HEADERS,
                "security": EVENTS_SECURITY,
            },
        )
        return router

    async def post(self, request: Request) -> Response:
        """Record one act or a list of acts; 202 only after every one is durable.

        One: 202 with `event_id` and `token`, or a problem. Where the log did not acknowledge in
        time, `"durability": "spooled"` stands instead of `token`. A list: a result per item, 202 if
        all were accepted, else 207; if any of them could not be made durable, 503 for all: sent
        again with the same references they are the same acts.

        With an `Idempotency-Key`, the same request sent again is answered as it was.

        Raises:
            RequestRefused: `CL-1101`, `CL-1102` for the key, `CL-1002` for a body that is no JSON,
                `CL-1105` for a list that is empty or too long, `CL-1107`, `CL-1108` for the
                `Idempotency-Key`, `CL-1109` for a caller too fast with what can only loosen, and
                for one act what it lacks.
            TransientError: A code with status 503 if nothing durable would take the act.
        """
        principal = self._keys.of(request)
        offset_ms = measured_offset(request, self._clock)
        body = parse_json(await request.body())
        items = body if isinstance(body, list) else [body]
        if not 1 <= len(items) <= MAX_ITEMS:
            raise RequestRefused("CL-1105", count=len(items), limit=MAX_ITEMS)
        # An empty one names nothing: as a nonce it would make two refusals one.
        key = request.headers.get("idempotency-key") or None
        with self._answers.turn(principal.key_id, key, body) as turn:
            if turn.earlier is not None:
                status, content = turn.earlier
                return Response(content, status, media_type="application/json")
            await self._wait_turn(principal, items)
            outcomes = [
                self._outcome(item, principal, None if key is None else f"{key}#{at}", offset_ms)
                for at, item in enumerate(items)
            ]
            answer = await self._deliver(request, body, outcomes)
            turn.keep(answer.status_code, bytes(answer.body))
            return answer

    async def _wait_turn(self, principal: Principal, items: Sequence[object]) -> None:
        """Slow a caller that is too fast; turn it away only if nothing in the request tightens."""
        if all(isinstance(item, dict) and str(item.get("action")) in LOOSENING for item in items):
            self._limit.check(principal.key_id, len(items))
        else:
            await self._limit.wait_turn(principal.key_id, len(items))

    async def _deliver(
        self, request: Request, body: object, outcomes: Sequence[Outcome]
    ) -> JSONResponse:
        trace = request.headers.get("traceparent")
        delivered = await self._intake.deliver_all(outcomes, trace)
        if not isinstance(body, list):
            return _single(outcomes[0], delivered[0], _correlation_of(body))
        language = language_of(request.headers.get("accept-language"))
        results = [
            {"index": index, **result_of(outcome, one, language), **_correlation_of(item)}
            for index, (item, outcome, one) in enumerate(
                zip(body, outcomes, delivered, strict=True)
            )
        ]
        all_accepted = all(outcome.refusal is None for outcome in outcomes)
        return JSONResponse({"results": results}, 202 if all_accepted else 207)

    def _outcome(
        self, raw: object, principal: Principal, batch: str | None, offset_ms: int | None
    ) -> Outcome:
        try:
            item = EventRequest.model_validate(raw)
        except ValidationError as exc:
            errors = pointers_of(exc.errors(include_input=False, include_url=False))
            return Outcome(refusal=RequestRefused("CL-1001", extra={"errors": errors}))
        reception = Reception(_payload_of(raw), batch, offset_ms=offset_ms)
        return self._acceptor.accept(item, principal, reception)


def _single(outcome: Outcome, delivered: Delivered, named: dict[str, object]) -> JSONResponse:
    if outcome.refusal is not None:
        outcome.refusal.extra |= review_id(outcome) | named
        raise outcome.refusal
    return JSONResponse(accepted(outcome, delivered) | named, 202)


def _payload_of(raw: object) -> bytes:
    """Return what came, without its line's name: sent again under another, it is the same case."""
    stated = raw
    if isinstance(raw, dict):
        stated = {name: value for name, value in raw.items() if name != "correlation_id"}
    return json.dumps(stated, ensure_ascii=False).encode()


def _correlation_of(item: object) -> dict[str, object]:
    """Return the caller's own name for a line, also of one that has no other right form."""
    given = item.get("correlation_id") if isinstance(item, dict) else None
    if not isinstance(given, str) or not 1 <= len(given) <= MAX_REF:
        return {}
    # JSON can spell half a character, which could not be sent back.
    return {"correlation_id": given.encode("utf-8", "replace").decode()}
