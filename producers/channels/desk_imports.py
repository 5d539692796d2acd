"""`/desk/import`: clerks hand in lists of refusals, see the counts, and import them.

The numbers stand in files and bodies only, never in an address. What is done to a list is done by
threads of the gateway; a page only shows it, and asks for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, overload

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from consentlog.domain.registry import Registry
from consentlog.errors import FatalError
from consentlog.http.described import Answers
from consentlog.ports import Clock
from producers.desk.choices import Choices
from producers.desk.clerk import Clerk
from producers.desk.frame import Frame, Tab, may_not, sign_in, turned_away
from producers.desk.session import Sessions, comes_from_here
from producers.desk.tabs import LISTS
from producers.lists.receiving import Receiving
from producers.page_forms import page_language, read_form
from producers.pages import described, form_of
from producers.uploads.arriving import Arriving, Desk, NotTaken, drain
from producers.uploads.desk_lists import DeskLists
from producers.uploads.draw_confirm import UNREADABLE, ZONE
from producers.uploads.draw_form import AT, ListForm, draw_form, draw_lists
from producers.uploads.draw_upload import UploadPage, draw_upload, stands, told
from producers.uploads.handing import Handing
from producers.uploads.openapi import ERRORS_ANSWER, LIST_FORM
from producers.uploads.runs import Standing
from producers.uploads.said import Said
from producers.uploads.upload import State, Upload
from producers.uploads.wording import wording

_SHOWN: Final = {
    200: "The page; without a session the one to sign in.",
    403: "The key may not do that.",
}
_FOUND: Final = {**_SHOWN, 404: "No such list for this key's source."}
_TAKEN: Final = {
    403: "No session, or the form came from another place, or the key may not.",
    413: "The file is larger than is taken.",
    415: "No form with a file.",
    422: "Something to put right, or a list that cannot be read; nothing of it is kept.",
    503: "The disk takes nothing.",
}
_DONE: Final = {
    403: _TAKEN[403],
    404: _FOUND[404],
    409: "A list of this name is being imported.",
    422: "A zone is needed, or the word that a list really is so of which much cannot be read.",
}
_TO_LIST: Final[Answers] = {303: {"description": "To the list's page."}}
_BUTTONS: Final = {
    "act": "go: import, go on or read again; discard: take the list away",
    "zone": "of dates without an offset, where the list was handed in without one",
    "unreadable": "anything: the list really is so, where much of it cannot be read",
}
_PIECE: Final = 1 << 16


class DeskImportsChannel:
    """The channel of lists on the desk.

    Args:
        registry: What can be chosen, and which keys hold.
        sessions: Recognises clerks.
        lists: Where lists are, and what is done to them.
        receiving: Records their rows.
        clock: When a list came, and what the registry knows then.
        tabs: Which tabs the desk has.
    """

    def __init__(  # noqa: PLR0913  # what a channel stands on
        self,
        registry: Registry,
        sessions: Sessions,
        lists: DeskLists,
        receiving: Receiving,
        clock: Clock,
        tabs: tuple[Tab, ...],
    ) -> None:
        self._registry = registry
        self._sessions = sessions
        self._lists = lists
        self._arriving = Arriving(lists, clock)
        self._receiving = receiving
        self._clock = clock
        self._tabs = tabs

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["desk"], default_response_class=HTMLResponse)
        buttons = {"openapi_extra": form_of(_BUTTONS)}
        routes: tuple[tuple[str, Any, str, str, Answers, dict[str, Any]], ...] = (
            ("", self.show_form, "GET", "Show the form for lists", described(_SHOWN), {}),
            ("", self.take, "POST", "Hand in a list", described(_TAKEN) | _TO_LIST, LIST_FORM),
            ("/{id}", self.show_list, "GET", "Show one list", described(_FOUND), {}),
            (
                *("/{id}", self.act, "POST", "Import a list, go on with it, or discard it"),
                *(described(_DONE) | _TO_LIST, buttons),
            ),
            (
                *("/{id}/errors.csv", self.errors, "GET", "Rows of a list to look at"),
                *(described(_FOUND) | ERRORS_ANSWER, {}),
            ),
        )
        for path, call, method, summary, answers, rest in routes:
            router.add_api_route(
                f"{AT}{path}", call, methods=[method], summary=summary, responses=answers, **rest
            )
        return router

    async def show_form(self, request: Request) -> HTMLResponse:
        """Show the form, and the lists of the clerk's source."""
        entered = self._enter(request)
        return entered if isinstance(entered, HTMLResponse) else await self._form(*entered)

    async def take(self, request: Request) -> Response:
        """Take a list, and show what it would do."""
        entered = self._enter(request, acts=True)
        if isinstance(entered, HTMLResponse):
            await drain(request)
            return entered
        frame, clerk = entered
        desk = Desk(clerk, self._choices(frame, clerk), wording(frame.language))
        found = await self._arriving.take(request, desk)
        if isinstance(found, NotTaken):
            return await self._form(frame, clerk, found)
        return _to(f"{AT}/{found.id}", frame)

    async def show_list(self, request: Request, id: str) -> HTMLResponse:
        """Show how a list stands."""
        entered = self._enter(request, id)
        if isinstance(entered, HTMLResponse):
            return entered
        frame, clerk, found = entered
        return self._list(frame, clerk, found, is_still="still" in request.query_params)

    async def act(self, request: Request, id: str) -> Response:
        """Import a list, go on with it, read it again, or discard it."""
        entered = self._enter(request, id, acts=True)
        if isinstance(entered, HTMLResponse):
            return entered
        frame, clerk, _ = entered
        sent = read_form(await request.body())
        found = self._lists.runs.find(id)  # as it stands now, however long the form took to come
        if found is None or found.work is not None:
            return _to(f"{AT}/{id}", frame)
        if sent.one("act") == "discard" and found.upload.state is not State.FINISHED:
            await asyncio.to_thread(self._lists.shelf.remove, id)
            return _to(AT, frame)
        if sent.one("act") == "go":
            said = Said(sent.one(ZONE).strip(), is_so=bool(sent.one(UNREADABLE)))
            return await self._go(frame, clerk, found.upload, said)
        return _to(f"{AT}/{id}", frame)

    async def errors(self, request: Request, id: str) -> Response:
        """Send the rows of a list that a person should look at."""
        entered = self._enter(request, id)
        if isinstance(entered, HTMLResponse):
            return entered
        path = self._lists.shelf.errors_of(id)
        if not path.exists():
            return self._none_here(entered[0])
        headers = {"Content-Disposition": f'attachment; filename="errors-{id[:8]}.csv"'}
        return StreamingResponse(_pieces(path), 200, headers, "text/csv; charset=utf-8")

    async def _go(self, frame: Frame, clerk: Clerk, upload: Upload, said: Said) -> Response:
        words = wording(frame.language)
        if upload.state is State.READING:
            await asyncio.to_thread(self._lists.runs.look, upload)
        elif upload.state in (State.LOOKED, State.RUNNING, State.STOPPED):
            wrong = said.lacks_for(upload)
            if wrong:
                shown = {"wrong": wrong, "zone": said.zone, "is_said": said.is_so}
                return self._list(frame, clerk, Standing(upload), 422, **shown)
            if upload.needs_zone:
                upload = replace(upload, zone=said.zone)
            try:
                await asyncio.to_thread(self._lists.runs.send, upload, self._handing(frame, clerk))
            except FatalError as busy:
                trouble = told(busy, words)
                return self._list(frame, clerk, Standing(upload), 409, trouble=trouble)
        return _to(f"{AT}/{upload.id}", frame)

    def _handing(self, frame: Frame, clerk: Clerk) -> Handing:
        key = self._registry.keys[clerk.id]

        def holds() -> bool:
            return key.period.holds(self._clock.now_ms())

        loop = asyncio.get_running_loop()
        return Handing(self._receiving, clerk.principal, holds, loop, frame.language)

    @overload
    def _enter(
        self, request: Request, *, acts: bool = False
    ) -> tuple[Frame, Clerk] | HTMLResponse: ...

    @overload
    def _enter(
        self, request: Request, upload_id: str, *, acts: bool = False
    ) -> tuple[Frame, Clerk, Standing] | HTMLResponse: ...

    def _enter(
        self, request: Request, upload_id: str | None = None, *, acts: bool = False
    ) -> tuple[Frame, Clerk] | tuple[Frame, Clerk, Standing] | HTMLResponse:
        """Let a clerk in, to a list of their source; or return the page that says why not."""
        frame = Frame(page_language(request))
        if acts and not comes_from_here(request):
            return turned_away(frame)
        clerk = self._sessions.clerk_of(request)
        if clerk is None:
            return sign_in(frame, 403, "session_ended") if acts else sign_in(frame)
        frame = Frame(frame.language, clerk, self._tabs, LISTS.name)
        if not clerk.may(LISTS.scope):
            return may_not(frame, LISTS.scope)
        if upload_id is None:
            return frame, clerk
        found = self._lists.runs.find(upload_id)
        if found is None or found.upload.source != clerk.principal.source.id:
            return self._none_here(frame)
        return frame, clerk, found

    async def _form(
        self,
        frame: Frame,
        clerk: Clerk,
        wrong: NotTaken = NotTaken(200, {}),  # noqa: B008  # frozen
    ) -> HTMLResponse:
        words, source = wording(frame.language), clerk.principal.source
        found = await asyncio.to_thread(self._lists.runs.of_source, source.id)
        damaged = await asyncio.to_thread(self._lists.shelf.damaged)
        state_of = {one.upload.id: f"state_{stands(*one)}" for one in found}
        form = ListForm(
            *(self._choices(frame, clerk), words, self._lists.max_bytes, source.region or ""),
            *(wrong.typed, wrong.troubles),
        )
        uploads = [one.upload for one in found]
        listed = draw_lists(uploads, state_of, words, self._lists.keep_days, damaged)
        body = draw_form(form) + listed
        return frame.page(words.say("title"), body, wrong.status, wrong.retry_after_s)

    def _list(
        self, frame: Frame, clerk: Clerk, found: Standing, status: int = 200, **shown: Any
    ) -> HTMLResponse:
        has_errors = self._lists.shelf.has_errors(found.upload.id)
        choices, words = self._choices(frame, clerk), wording(frame.language)
        page = UploadPage(*found, choices, words, has_errors, **shown)
        return frame.page(page.title, draw_upload(page), status, refresh_s=page.refresh_s)

    def _none_here(self, frame: Frame) -> HTMLResponse:
        words = wording(frame.language)
        back = f'<p><a href="{AT}?lang={frame.language}">{words.html("back")}</a></p>'
        body = f'<p class="note" role="alert">{words.html("none_here_text")}</p>{back}'
        return frame.page(words.say("none_here"), body, 404)

    def _choices(self, frame: Frame, clerk: Clerk) -> Choices:
        return Choices(self._registry, clerk, frame.words, self._clock.now_ms())


def _to(path: str, frame: Frame) -> RedirectResponse:
    return RedirectResponse(f"{path}?lang={frame.language}", 303)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
