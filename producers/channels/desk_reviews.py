"""`/desk/reviews`: what waits for a person, for clerks whose key may read and decide it."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import HTMLResponse

from consentlog.domain.registry import Registry
from consentlog.errors import TransientError
from consentlog.http.problems import RETRY_AFTER_S, RequestRefused
from consentlog.ports import Clock
from producers.desk.clerk import Clerk
from producers.desk.draw_cases import (
    Desk,
    back_link,
    draw_case,
    draw_decided,
    draw_done,
    draw_list,
)
from producers.desk.frame import Frame, Tab, may_not, sign_in, turned_away
from producers.desk.session import Sessions, comes_from_here
from producers.desk.tabs import CASES, TABS
from producers.limits import RateLimit
from producers.page_forms import Sent, page_language, read_form
from producers.pages import described, form_of
from producers.reviews.case import Case, Decided, Place
from producers.reviews.decide import DECIDE, Reviews
from producers.reviews.shapes import DecisionIn

_PAGE: Final = 50
_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_PLACE: Final = re.compile(r"([0-9]{1,15}):([0-9a-f]{32})", re.ASCII)
_SHOWN: Final = {
    200: "The page; without a session the one to sign in.",
    403: "The key may not do that.",
    429: "The key asks too fast.",
    503: "Not all cases are read yet.",
}
_FOUND: Final = {**_SHOWN, 404: "No such case for this key."}
_DECIDED: Final = {
    **_FOUND,
    403: "No session, or the form came from another place, or the key may not.",
    409: "Decided already, by somebody else.",
    422: "Something to put right; nothing is recorded.",
    503: "Not recorded: the same again, the same acts.",
}
_FIELDS: Final = {
    "decision": "refused, no_refusal, dismissed; approved, declined",
    "why": "who decided and why",
    "number": "of a refusal, where the case knows none",
    "entity": "whom the person refused, where the case does not know",
}


class DeskReviewsChannel:
    """The channel of clerks who look at cases.

    Args:
        registry: What entities are called.
        sessions: Recognises clerks.
        reviews: Shows and decides.
        clock: What ages are told by.
        limit: How fast a key may ask.
        tabs: Which tabs the desk has.
    """

    def __init__(  # noqa: PLR0913  # one of them keyword-only
        self,
        registry: Registry,
        sessions: Sessions,
        reviews: Reviews,
        clock: Clock,
        limit: RateLimit,
        *,
        tabs: tuple[Tab, ...] = TABS,
    ) -> None:
        self._registry = registry
        self._sessions = sessions
        self._reviews = reviews
        self._clock = clock
        self._limit = limit
        self._tabs = tabs

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["desk"], default_response_class=HTMLResponse)
        more: dict[str, Any] = {"openapi_extra": form_of(_FIELDS)}
        for path, call, method, summary, said, rest in (
            ("", self.list, "GET", "List what waits for a person", _SHOWN, {}),
            ("/{id}", self.show, "GET", "Show one case", _FOUND, {}),
            ("/{id}", self.decide, "POST", "Decide a case", _DECIDED, more),
            ("/{id}/owner", self.take, "POST", "Take a case", _DECIDED, {}),
        ):
            router.add_api_route(
                f"{CASES.path}{path}",
                call,
                methods=[method],
                summary=summary,
                responses=described(said),
                **rest,
            )
        return router

    async def list(self, request: Request) -> HTMLResponse:
        """List open cases, the oldest first; numbers are masked."""
        frame = self._enter(request)
        if isinstance(frame, HTMLResponse):
            return frame
        clerk, desk = _clerk(frame), self._desk(frame)
        after = _PLACE.fullmatch(request.query_params.get("after", ""))
        place = Place(int(after[1]), bytes.fromhex(after[2])) if after else None
        try:
            self._limit.check(clerk.id)
            found = list(islice(self._reviews.open_cases(clerk.principal, place), _PAGE + 1))
        except (RequestRefused, TransientError) as error:
            return _not_done(frame, desk, error)
        shown = found[:_PAGE]
        following = str(shown[-1].place) if len(found) > len(shown) else None
        body = draw_list(desk, shown, following)
        return frame.page(frame.words.say("title_reviews"), body)

    async def show(self, id: str, request: Request) -> HTMLResponse:
        """Show one case, or what was decided of it."""
        frame = self._enter(request)
        if isinstance(frame, HTMLResponse):
            return frame
        try:
            self._limit.check(_clerk(frame).id)
            found = self._reviews.find(_clerk(frame).principal, _id_of(id))
        except (RequestRefused, TransientError) as error:
            return _not_done(frame, self._desk(frame), error)
        return self._case(frame, found)

    async def take(self, id: str, request: Request) -> HTMLResponse:
        """Make the clerk the owner of a case."""
        frame = self._enter(request)
        if isinstance(frame, HTMLResponse):
            return frame
        try:
            found = await self._reviews.assign(_clerk(frame).principal, _id_of(id))
        except (RequestRefused, TransientError) as error:
            return _not_done(frame, self._desk(frame), error)
        return self._case(frame, found)

    async def decide(self, id: str, request: Request) -> HTMLResponse:
        """Decide a case; what follows from it is durable before the page says so."""
        frame = self._enter(request)
        if isinstance(frame, HTMLResponse):
            return frame
        sent, clerk, desk = read_form(await request.body()), _clerk(frame), self._desk(frame)
        trace = request.headers.get("traceparent")
        try:
            # A decision may hold a refusal, which is never turned away for speed.
            await self._limit.wait_turn(clerk.id)
            asked = _decision_of(sent)
            done = await self._reviews.decide(clerk.principal, _id_of(id), asked, trace)
        except (RequestRefused, TransientError) as error:
            return self._again(frame, id, error, sent.one("why"))
        return frame.page(frame.words.say("decided"), draw_done(desk, done))

    def _enter(self, request: Request) -> Frame | HTMLResponse:
        """Recognise the clerk; else the page that says why there is nothing to see."""
        frame, is_form = Frame(page_language(request)), request.method == "POST"
        if is_form and not comes_from_here(request):
            return turned_away(frame)
        clerk = self._sessions.clerk_of(request)
        if clerk is None:
            return sign_in(frame, 403, "session_ended") if is_form else sign_in(frame)
        frame = Frame(frame.language, clerk, self._tabs, CASES.name)
        return frame if clerk.may(CASES.scope) else may_not(frame, CASES.scope)

    def _desk(self, frame: Frame) -> Desk:
        entities = sorted(_clerk(frame).principal.source.entities)
        return Desk(frame.words, self._registry, entities, self._clock.now_ms())

    def _case(  # noqa: PLR0913  # what stands around a case, each with its default
        self,
        frame: Frame,
        found: Case | Decided,
        status: int = 200,
        above: str = "",
        why: str = "",
        wait_s: int | None = None,
    ) -> HTMLResponse:
        desk = self._desk(frame)
        if isinstance(found, Decided):
            body = above + draw_decided(desk, found)
            return frame.page(frame.words.say("decided"), body, status, wait_s)
        body = draw_case(desk, found, may_decide=_clerk(frame).may(DECIDE), reason=why)
        return frame.page(desk.reason(found), above + body, status, wait_s)

    def _again(
        self, frame: Frame, id: str, error: RequestRefused | TransientError, why: str
    ) -> HTMLResponse:
        """Show the case again with what is wrong; where there is none to show, only that."""
        status = error.entry.status
        try:
            found = self._reviews.find(_clerk(frame).principal, _id_of(id))
        except (RequestRefused, TransientError) as gone:
            return _not_done(frame, self._desk(frame), gone)
        if status not in (422, 503):
            return _not_done(frame, self._desk(frame), error)
        wait_s = RETRY_AFTER_S if status == 503 else None
        return self._case(frame, found, status, _trouble(frame, error), why, wait_s)


def _clerk(frame: Frame) -> Clerk:
    assert frame.clerk is not None  # noqa: S101  # who has entered is known
    return frame.clerk


def _id_of(text: str) -> bytes:
    if not _ID.fullmatch(text):
        raise RequestRefused("CL-1802")
    return bytes.fromhex(text)


def _decision_of(sent: Sent) -> DecisionIn:
    entity, number = sent.one("entity"), sent.one("number").strip()
    is_refusal = sent.one("decision") == "refused"
    stated: dict[str, Any] = {"decision": sent.one("decision"), "reason": sent.one("why").strip()}
    if is_refusal:
        stated["number"] = number or None
        stated["scope"] = {"entity": entity} if entity else None
    try:
        return DecisionIn.model_validate(stated)
    except ValidationError:
        raise RequestRefused("CL-1001") from None


def _trouble(frame: Frame, error: RequestRefused | TransientError) -> str:
    text = frame.words.html(
        "not_taken", reason=f"{error.what(frame.language)} {error.do(frame.language)}"
    )
    if error.code == "CL-1001":
        text = frame.words.html("missing_decision")
    return f'<p class="note" role="alert">{text}</p>'


def _not_done(frame: Frame, desk: Desk, error: RequestRefused | TransientError) -> HTMLResponse:
    status = error.entry.status
    wait_s = error.retry_after_s if isinstance(error, RequestRefused) else RETRY_AFTER_S
    body = _trouble(frame, error) + back_link(desk)
    return frame.page(frame.words.say("title_reviews"), body, status, wait_s)
