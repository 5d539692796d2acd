"""`/v1/app/preferences`: the preference page of an app, whose users have logged in.

The app's back end answers for its user, with a key of a source of kind `app`. What the user then
presses is their own act: it needs no code, and service can be refused by itself, as on the page.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import JSONResponse

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.http.auth import Authenticator, Principal
from consentlog.http.described import KEYED, json_answer, problems
from consentlog.http.problems import RequestRefused
from consentlog.numbers.normalise import Quarantined, normalise
from consentlog.ports import Position
from producers.accept import Acceptor
from producers.intake import Intake, durability_of
from producers.limits import RateLimit
from producers.preference.act import Press
from producers.preference.app_shapes import ACT_CODES, ASK_CODES, SHOWN, TAKEN, AppAsk, AppPress
from producers.preference.choices import PARTS
from producers.preference.standing import CurrentState


class AppChannel:
    """The channel of logged-in users of an app.

    Args:
        keys: Recognises the app's back end.
        acceptor: Decides what becomes of an act.
        intake: Delivers it.
        state: Tells how things stand.
        limit: How fast a key may send.
    """

    def __init__(
        self,
        keys: Authenticator,
        acceptor: Acceptor,
        intake: Intake,
        state: CurrentState,
        limit: RateLimit,
    ) -> None:
        self._keys = keys
        self._acceptor = acceptor
        self._intake = intake
        self._state = state
        self._limit = limit

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["app"])
        router.add_api_route(
            "/v1/app/preferences",
            self.show,
            methods=["GET"],
            response_model=None,
            summary="How things stand for a logged-in user",
            responses={
                200: json_answer("By purpose and channel.", SHOWN),
                **problems(*ASK_CODES),
            },
            openapi_extra={"security": KEYED},
        )
        router.add_api_route(
            "/v1/app/preferences",
            self.act,
            methods=["POST"],
            status_code=202,
            response_model=None,
            summary="Record what a logged-in user pressed",
            responses={
                202: json_answer("Durable: in the log, or spooled for it.", TAKEN),
                **problems(*ASK_CODES, *ACT_CODES),
            },
            openapi_extra={"security": KEYED},
        )
        return router

    async def show(
        self,
        request: Request,
        asked: Annotated[AppAsk, Query()],
        number: Annotated[
            str,
            Header(
                alias="X-Number", max_length=64, description="in a header: addresses are logged"
            ),
        ],
    ) -> JSONResponse:
        """Tell how things stand; `unknown` where nobody can say right now.

        Raises:
            RequestRefused: `CL-1101`, `CL-1102`, `CL-1103`, `CL-1605` for the key, `CL-1104` for an
                entity that is not its own, `CL-1109` for a key that asks too fast, `CL-1203` for a
                number that is none.
        """
        principal = self._principal(request)
        self._limit.check(principal.key_id)
        self._check_entity(principal, asked.entity)
        found = normalise(number, asked.region or principal.source.region)
        if isinstance(found, Quarantined):
            raise RequestRefused("CL-1203", reason=found.reason.value)
        after = None if asked.seen is None else Position(*map(int, asked.seen.split(":")))
        standings = await self._state.standings(found.subject, asked.entity, after)
        parts = [
            {
                "purpose": part.purpose.value,
                "channel": part.channel.value,
                "state": standings[part].value.replace("-", "_"),
            }
            for part in PARTS
            if part in standings
        ]
        return JSONResponse({"entity": asked.entity, "preferences": parts})

    async def act(self, request: Request, pressed: AppPress) -> JSONResponse:
        """Record a press; 202 once it is durable.

        Raises:
            RequestRefused: As `show`, and what the act lacks.
            TransientError: A code with status 503 if nothing durable would take it.
        """
        principal = self._principal(request)
        if pressed.action == "refused":
            await self._limit.wait_turn(principal.key_id)
        else:
            self._limit.check(principal.key_id)
            _check_words(pressed)
        scope = Scope(
            pressed.entity, None, None, Purpose(pressed.purpose), Channel(pressed.channel)
        )
        press = Press(
            pressed.number,
            scope,
            pressed.nonce,
            region=pressed.region,
            method="app",
            by=pressed.user,
            ip=pressed.ip,
            user_agent=pressed.user_agent,
            verbatim=pressed.consent_text,
            text_version=pressed.text_version,
            language=pressed.language,
        )
        outcome = self._acceptor.accept(
            press.event(pressed.action), principal, press.reception(is_chosen=True)
        )
        delivered = await self._intake.deliver(outcome, request.headers.get("traceparent"))
        review = {} if outcome.review is None else {"review_id": outcome.review.review_id.hex()}
        if outcome.refusal is not None:
            outcome.refusal.extra |= review
            raise outcome.refusal
        assert outcome.event is not None  # noqa: S101  # an outcome has an event or a refusal
        event_id = outcome.event.fact.event_id.hex()
        return JSONResponse({"event_id": event_id, **durability_of(delivered), **review}, 202)

    def _principal(self, request: Request) -> Principal:
        principal = self._keys.of(request)
        principal.require("events:write")
        if principal.source.kind != "app":
            raise RequestRefused("CL-1605")
        return principal

    def _check_entity(self, principal: Principal, entity: str) -> None:
        if entity not in principal.source.entities:
            raise RequestRefused("CL-1104", entity=entity)


def _check_words(pressed: AppPress) -> None:
    """Check that a consent says what was agreed to: an address and a browser prove no words."""
    if pressed.consent_text is None or pressed.text_version is None:
        raise RequestRefused("CL-1206", reason="consent_text and text_version are missing")
