"""`POST /v1/ivr`: what people press in a phone menu (DTMF)."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse

from consentlog.http.auth import Authenticator
from consentlog.http.body import parse_json
from consentlog.http.described import KEYED
from consentlog.http.problems import RequestRefused, pointers_of
from consentlog.ports import Clock
from producers.intake import Intake
from producers.ivr.described import IVR_ANSWERS
from producers.ivr.meaning import PressAcceptor
from producers.ivr.press import IvrPress
from producers.limits import RateLimit
from producers.openapi import DATE, TRACEPARENT, one_body
from producers.results import accepted, review_id
from producers.source_clock import measured_offset


class IvrChannel:
    """The channel of phone computers. A press can refuse, ask for later, or nothing: never consent.

    Args:
        keys: Recognises the caller.
        presses: Decides what becomes of a press.
        intake: Delivers it.
        clock: What a source's clock is compared with.
        limit: How fast a key may send; a press waits its turn and is never turned away.
    """

    def __init__(
        self,
        keys: Authenticator,
        presses: PressAcceptor,
        intake: Intake,
        clock: Clock,
        limit: RateLimit,
    ) -> None:
        self._keys = keys
        self._presses = presses
        self._intake = intake
        self._clock = clock
        self._limit = limit

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter(tags=["ivr"])
        router.add_api_route(
            "/v1/ivr",
            self.post,
            methods=["POST"],
            status_code=202,
            response_model=None,
            summary="Record what a caller pressed in a phone menu",
            responses=IVR_ANSWERS,
            openapi_extra={
                **one_body(IvrPress),
                "parameters": [DATE, TRACEPARENT],
                "security": KEYED,
            },
        )
        return router

    async def post(self, request: Request) -> JSONResponse:
        """Record a press; 202 only once it is durable.

        Told again with the same `menu`, `choice` and `call_id` it is the same act.

        Raises:
            RequestRefused: `CL-1101`, `CL-1102`, `CL-1103` for the key, `CL-1002`, `CL-1001` for
                the form, `CL-1104` for a menu of an entity that is not its own, `CL-1203` for a
                number that is withheld or none, with the case that was opened.
            TransientError: A code with status 503 if nothing durable would take the press.
        """
        principal = self._keys.of(request)
        principal.require("events:write")
        offset_ms = measured_offset(request, self._clock)
        raw = parse_json(await request.body())
        press = _press_of(raw)
        await self._limit.wait_turn(principal.key_id)
        payload = json.dumps(raw, ensure_ascii=False).encode()
        outcome = self._presses.accept(press, payload, principal, offset_ms)
        delivered = await self._intake.deliver(outcome, request.headers.get("traceparent"))
        if outcome.refusal is not None:
            outcome.refusal.extra |= review_id(outcome)
            raise outcome.refusal
        if outcome.event is None:
            return JSONResponse({"status": "received"}, 202)
        return JSONResponse(accepted(outcome, delivered), 202)


def _press_of(raw: object) -> IvrPress:
    try:
        return IvrPress.model_validate(raw)
    except ValidationError as exc:
        errors = pointers_of(exc.errors(include_input=False, include_url=False))
        raise RequestRefused("CL-1001", extra={"errors": errors}) from None
