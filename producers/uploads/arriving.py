"""Takes a list that is handed in, as far as its counts or as what is wrong with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect, Request

from consentlog.errors import ConsentLogError, InvalidEvent
from consentlog.http.problems import RETRY_AFTER_S, RequestRefused
from consentlog.observability.logging import get_logger
from consentlog.ports import Clock
from producers.desk.choices import Choices
from producers.desk.clerk import Clerk
from producers.page_texts import Texts
from producers.uploads.desk_lists import MOST_UNFINISHED, DeskLists
from producers.uploads.draw_upload import told
from producers.uploads.multipart import FormWithFile, boundary_of, read_upload_form
from producers.uploads.terms import TypedTerms, troubles_of
from producers.uploads.upload import State, Upload

LOOK_WITHIN_S: Final = 3.0
"""How long a page waits for the counts, before it shows how far the reading is."""
_FIELDS: Final = {"CL-1502": "column"}
"""Which field an error of a list is about; any other is about the file."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Nothing is kept: with which status, what is wrong by field, and what was typed."""

    status: int
    troubles: dict[str, str]
    typed: TypedTerms = TypedTerms({})  # noqa: RUF009  # frozen
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """At which desk a list is handed in: who, what can be chosen, and the page's words."""

    clerk: Clerk
    choices: Choices
    words: Texts


class Arriving:
    """Takes lists.

    Args:
        lists: Where they are kept.
        clock: When they came.
    """

    def __init__(self, lists: DeskLists, clock: Clock) -> None:
        self._lists = lists
        self._clock = clock
        self._sources: dict[str, str] = {}

    async def take(self, request: Request, desk: Desk) -> Upload | NotTaken:
        """Take a list.

        Args:
            request: With the form.
            desk: Where it is handed in.

        Returns:
            The list, once it is on disk and looked over, or still being read; or why nothing of it
            is kept: 413, 415, 422, 503. The whole request was read by then.
        """
        try:
            return await self._take(request, desk)
        except OSError:
            log.exception("list_not_kept")
            await drain(request)
            return _no_disk(desk.words)

    async def _take(self, request: Request, desk: Desk) -> Upload | NotTaken:
        boundary = boundary_of(request.headers.get("content-type", ""))
        if boundary is None:
            await drain(request)
            error = InvalidEvent("CL-1507", reason=desk.words.say("not_a_form"))
            return NotTaken(415, {"": told(error, desk.words)})
        upload_id = await asyncio.to_thread(self._lists.shelf.new_id)
        found: Upload | NotTaken | None = None
        try:
            found = await self._no_room(upload_id, desk)
            if found is None:
                found = await self._receive(request, boundary, upload_id, desk)
            else:
                # What is not kept holds no place, however slowly it comes.
                self._sources.pop(upload_id)
                await drain(request)
        finally:
            self._sources.pop(upload_id, None)
            if not isinstance(found, Upload):
                await asyncio.to_thread(self._lists.shelf.remove, upload_id)
        return found

    async def _no_room(self, upload_id: str, desk: Desk) -> NotTaken | None:
        """Take a place among the lists that wait; or tell why there is none."""
        source = desk.clerk.principal.source.id
        # Those that came earlier and are not on the shelf yet have their places, too.
        earlier = {one for one, whose in self._sources.items() if whose == source}
        self._sources[upload_id] = source
        if not await asyncio.to_thread(self._lists.has_room):
            log.warning("no_room_for_a_list")
            return _no_disk(desk.words)
        waiting = len(earlier | await asyncio.to_thread(self._unfinished, source))
        if waiting < MOST_UNFINISHED:
            return None
        reason = desk.words.say("too_many_wait", count=str(waiting))
        return NotTaken(422, {"": told(InvalidEvent("CL-1509", reason=reason), desk.words)})

    async def _receive(
        self, request: Request, boundary: bytes, upload_id: str, desk: Desk
    ) -> Upload | NotTaken:
        path = self._lists.shelf.list_of(upload_id)
        try:
            form = await read_upload_form(request.stream(), boundary, path, self._lists.max_bytes)
        except RequestRefused as refused:
            return NotTaken(413, {"file": told(refused, desk.words)})
        except InvalidEvent as error:
            await drain(request)
            return NotTaken(422, {"": told(error, desk.words)})
        except ClientDisconnect:
            # Nobody hears it.
            gone = InvalidEvent("CL-1507", reason="the connection ended")
            return NotTaken(422, {"": told(gone, desk.words)})
        typed = TypedTerms(form.fields)
        about = typed.about(desk.clerk.id, desk.clerk.principal.source.region)
        troubles = _of_file(form, desk.words) | troubles_of(typed, about, desk.choices, desk.words)
        if troubles:
            return NotTaken(422, troubles, typed)
        upload = Upload(
            upload_id,
            desk.clerk.principal.source.id,
            desk.clerk.id,
            form.file_name,
            form.size,
            form.sha256,
            self._clock.now_ms(),
            list_name=about.name,
            entity=about.entity,
            basis=about.basis,
            zone=about.zone,
            region=about.region,
            column=typed.get("column"),
            sheet=typed.get("sheet"),
        )
        return await self._look(upload, typed, desk.words)

    async def _look(self, upload: Upload, typed: TypedTerms, words: Texts) -> Upload | NotTaken:
        """Look it over; what is wrong with it at once is wrong with the form."""
        work = await asyncio.to_thread(self._lists.runs.look, upload)
        await asyncio.to_thread(work.ended.wait, LOOK_WITHIN_S)
        found = work.upload
        if found.state is not State.UNREADABLE or found.error is None:
            return found
        name = _FIELDS.get(found.error.code, "file")
        return NotTaken(422, {name: told(found.error, words)}, typed)

    def _unfinished(self, source: str) -> set[str]:
        found = self._lists.shelf.of_source(source)
        return {one.id for one in found if one.state is not State.FINISHED}


async def drain(request: Request) -> None:
    """Read what is left of a request: its sender would meet a reset connection, not the page."""
    try:
        async for _ in request.stream():
            pass
    except (ConsentLogError, ClientDisconnect, RuntimeError):
        # Too large, gone, or read by half and given up: nothing more is to be read.
        return


def _no_disk(words: Texts) -> NotTaken:
    error = InvalidEvent("CL-1509", reason=words.say("no_disk"))
    return NotTaken(503, {"": told(error, words)}, retry_after_s=RETRY_AFTER_S)


def _of_file(form: FormWithFile, words: Texts) -> dict[str, str]:
    if not form.file_name and not form.size:
        return {"file": words.say("missing_file")}
    return {} if form.size else {"file": words.say("empty_file")}
