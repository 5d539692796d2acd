"""`/desk`: clerks sign in with a key of their own and record what people say to them.

GET shows a form, POST records it. The number stands in bodies only, never in an address.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from consentlog.domain.policy import Policy
from consentlog.domain.registry import Registry
from consentlog.http.described import Answers
from consentlog.http.problems import RequestRefused
from consentlog.ports import Clock
from producers.desk.choices import Choices
from producers.desk.clerk import Clerk
from producers.desk.draw import Form, draw_form
from producers.desk.draw_answer import Answer, draw_answer
from producers.desk.fields import Sheet, Typed
from producers.desk.frame import SIGN_IN_AT, SIGN_OUT_AT, Frame, Tab, may_not, sign_in, turned_away
from producers.desk.later import Later, later_of
from producers.desk.recording import NotTaken, Recorder, Submitted
from producers.desk.session import Sessions, comes_from_here
from producers.desk.sheets import RECORD, SHEETS
from producers.desk.tabs import TABS
from producers.limits import LimitSettings, RateLimit
from producers.page_forms import page_language, read_form
from producers.page_texts import Texts
from producers.pages import described, form_of

SIGN_INS: Final = LimitSettings(acts_per_second=2, burst_acts=60)
"""Of one address with wrong keys, and of each key from it: a room of clerks who begin together."""

_SHOWN: Final = {
    200: "The form; without a session the one to sign in.",
    403: "The key may not do that.",
}
_RECORDED: Final = {
    200: "Recorded: durable, in the log or spooled for it. Says whether the gate denies.",
    403: "No session, or the form came from another place, or the key may not.",
    422: "Something to put right; what was typed stands in the form.",
    429: "Too fast with what only loosens.",
    503: "Not recorded: the same form again, the same act.",
}
_SIGNED_IN: Final = {
    200: "In, with the form that a session's end had interrupted.",
    403: "No entry, whatever is wrong with the key; or the form came from another place.",
    429: "Too many tries from this address, with keys that are none or with this one.",
}
_MOVED: Final[Answers] = {303: {"description": "To `/desk`, with the cookie set or taken."}}
_KEY: Final = {"key": "the clerk's API key"}


class DeskChannel:
    """The channel of clerks.

    Args:
        registry: What can be chosen.
        policy: How long *not now* may last.
        sessions: Recognises clerks.
        recorder: Records what they submit.
        clock: Today, and what the registry knows today.
        tabs: Which tabs the desk has.
    """

    def __init__(  # noqa: PLR0913  # one of them keyword-only
        self,
        registry: Registry,
        policy: Policy,
        sessions: Sessions,
        recorder: Recorder,
        clock: Clock,
        *,
        tabs: tuple[Tab, ...] = TABS,
    ) -> None:
        self._registry = registry
        self._policy = policy
        self._sessions = sessions
        self._recorder = recorder
        self._clock = clock
        self._tabs = tabs
        self._sign_ins = RateLimit(SIGN_INS)

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["desk"], default_response_class=HTMLResponse)
        for sheet in SHEETS:
            router.add_api_route(
                sheet.path,
                self._show(sheet),
                methods=["GET"],
                name=f"show_{sheet.name}",
                summary=f"Show the desk's form: {sheet.name}",
                responses=described(_SHOWN),
            )
            router.add_api_route(
                sheet.path,
                self._act(sheet),
                methods=["POST"],
                name=f"act_{sheet.name}",
                summary=f"Submit the desk's form: {sheet.name}",
                responses=described(_RECORDED),
                openapi_extra=form_of({"nonce": "names the form", **sheet.meant}),
            )
        self._add_sessions(router)
        return router

    def _add_sessions(self, router: APIRouter) -> None:
        router.add_api_route(
            SIGN_IN_AT,
            self._show(RECORD),
            methods=["GET"],
            name="show_sign_in",
            summary="Show the form to sign in",
            responses=described(_SHOWN),
        )
        router.add_api_route(
            SIGN_IN_AT,
            self.sign_in,
            methods=["POST"],
            summary="Sign in to the desk",
            responses=described(_SIGNED_IN) | _MOVED,
            openapi_extra=form_of(_KEY),
        )
        router.add_api_route(
            SIGN_OUT_AT,
            self.sign_out,
            methods=["POST"],
            summary="Sign out of the desk",
            responses=described({403: "The form came from another place."}) | _MOVED,
        )

    async def sign_in(self, request: Request) -> Response:
        """Open a session; every wrong key gets the same answer.

        What was typed before the last session ended stands in the form again.
        """
        frame = Frame(page_language(request))
        if not comes_from_here(request):
            return turned_away(frame)
        sent = read_form(await request.body())
        sheet = next((one for one in SHEETS if one.name == sent.one("to")), None)
        kept = sheet.kept_fields(sheet.typed(sent)) if sheet else ()
        if self._sessions.is_plain(request):
            return sign_in(frame, 403, "plain_http", kept)
        clerk = self._sessions.clerk_with(sent.one("key"))
        try:
            self._check_tries(request, clerk)
        except RequestRefused as refused:
            return sign_in(frame, 429, "many_tries", kept, refused.retry_after_s)
        if clerk is None:
            return sign_in(frame, 403, "wrong_key", kept)
        response: Response = RedirectResponse(f"/desk?lang={frame.language}", 303)
        if sheet is not None:
            response = self._form(frame, clerk, sheet, sheet.typed(sent))
        self._sessions.open(clerk, request, response)
        return response

    def _check_tries(self, request: Request, clerk: Clerk | None) -> None:
        """Count a try with a right key by itself: who tries wrong ones keeps no clerk out.

        Nobody guesses a key of 24 random bytes; what is bounded is the work.
        """
        address = request.client.host if request.client else ""
        self._sign_ins.check(address if clerk is None else f"{address} {clerk.id}")

    async def sign_out(self, request: Request) -> Response:
        """End the session, and take it from the browser."""
        language = page_language(request)
        if not comes_from_here(request):
            return turned_away(Frame(language))
        response = RedirectResponse(f"/desk?lang={language}", 303)
        await self._sessions.close(request, response)
        return response

    def _show(self, sheet: Sheet) -> Callable[[Request], Awaitable[HTMLResponse]]:
        async def show(request: Request) -> HTMLResponse:
            frame, clerk = Frame(page_language(request)), self._sessions.clerk_of(request)
            return sign_in(frame) if clerk is None else self._form(frame, clerk, sheet, Typed())

        return show

    def _act(self, sheet: Sheet) -> Callable[[Request], Awaitable[HTMLResponse]]:
        async def act(request: Request) -> HTMLResponse:
            started_s = time.monotonic()
            frame = Frame(page_language(request))
            if not comes_from_here(request):
                return turned_away(frame)
            typed = sheet.typed(read_form(await request.body()))
            clerk = self._sessions.clerk_of(request)
            if clerk is None:
                return sign_in(frame, 403, "session_over", sheet.kept_fields(typed))
            trace = request.headers.get("traceparent")
            later = self._later(clerk)
            form = Submitted(sheet, typed, clerk, started_s, later.days, trace)
            return await self._record(frame, form)

        return act

    async def _record(self, frame: Frame, form: Submitted) -> HTMLResponse:
        clerk, sheet, typed = form.clerk, form.sheet, form.typed
        choices = self._choices(clerk, frame.words)
        troubles = sheet.troubles(typed, choices, frame.words)
        if troubles or not clerk.may(sheet.scope):
            return self._form(frame, clerk, sheet, typed, NotTaken(422, troubles))
        found = await self._recorder.record(form, frame.words)
        if isinstance(found, NotTaken):
            return self._form(frame, clerk, sheet, typed, found)
        return self._answer(frame, form, found)

    def _answer(self, frame: Frame, form: Submitted, answer: Answer) -> HTMLResponse:
        sheet, choices = form.sheet, self._choices(form.clerk, frame.words)
        title, said = draw_answer(answer, choices)
        again = form.typed.only(*sheet.kept)
        following = Form(sheet, again, choices, self._later(form.clerk), {}, is_answer=True)
        return self._frame(frame, form.clerk, sheet).page(title, said + draw_form(following))

    def _form(
        self,
        frame: Frame,
        clerk: Clerk,
        sheet: Sheet,
        typed: Typed,
        wrong: NotTaken = NotTaken(200, {}),  # noqa: B008  # frozen
    ) -> HTMLResponse:
        frame, words = self._frame(frame, clerk, sheet), frame.words
        if not clerk.may(sheet.scope):
            return may_not(frame, sheet.scope)
        choices = self._choices(clerk, words)
        html = draw_form(Form(sheet, typed, choices, self._later(clerk), wrong.troubles))
        body = f'<p class="soft">{words.html(f"intro_{sheet.name}")}</p>{html}'
        title = words.say(f"title_{sheet.name}")
        return frame.page(title, body, wrong.status, wrong.retry_after_s)

    def _frame(self, frame: Frame, clerk: Clerk, sheet: Sheet) -> Frame:
        return Frame(frame.language, clerk, self._tabs, sheet.name)

    def _choices(self, clerk: Clerk, words: Texts) -> Choices:
        return Choices(self._registry, clerk, words, self._clock.now_ms())

    def _later(self, clerk: Clerk) -> Later:
        return later_of(clerk, self._policy, self._clock.now_ms())
