"""`/v1/reviews`: what waits for a person, and what that person decides."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse

from consentlog.http.auth import Authenticator, Principal
from consentlog.http.described import KEYED, json_answer, problems
from consentlog.observability.logging import get_logger
from consentlog.observability.masking import mask, mask_text
from consentlog.ports import Clock
from consentlog.wire.instants import write_utc
from producers.intake import durability_of
from producers.limits import RateLimit
from producers.reviews.case import Case, Decided, Kind, Place
from producers.reviews.decide import Done, Reviews
from producers.reviews.shapes import (
    ASSIGNED,
    DECIDE_CODES,
    DONE,
    LISTED,
    READ_CODES,
    SHOWN,
    STEP_CODES,
    DecisionIn,
    OneQuery,
    OwnerIn,
    ReviewQuery,
)

UNMASK: Final = "numbers:read"
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="hex, 32 digits")]

log = get_logger(__name__)


class ReviewsChannel:
    """The channel of whoever looks at cases.

    Args:
        keys: Recognises the caller.
        reviews: Shows and decides.
        clock: What ages are told by.
        limit: How fast a key may ask.
    """

    def __init__(
        self, keys: Authenticator, reviews: Reviews, clock: Clock, limit: RateLimit
    ) -> None:
        self._keys = keys
        self._reviews = reviews
        self._clock = clock
        self._limit = limit

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["reviews"])
        for path, call, method, summary, answer, codes in (
            ("", self.list, "GET", "Cases that wait, the oldest first", LISTED, READ_CODES),
            ("/{id}", self.show, "GET", "One case", SHOWN, (*READ_CODES, "CL-1802")),
            ("/{id}/owner", self.assign, "POST", "Give a case to somebody", ASSIGNED, STEP_CODES),
            ("/{id}/decisions", self.decide, "POST", "Decide a case", DONE, DECIDE_CODES),
        ):
            router.add_api_route(
                f"/v1/reviews{path}",
                call,
                methods=[method],
                status_code=200 if method == "GET" else 202,
                response_model=None,
                summary=summary,
                responses=_answers(method, answer, codes),
                openapi_extra={"security": KEYED},
            )
        return router

    async def list(self, request: Request, asked: Annotated[ReviewQuery, Query()]) -> JSONResponse:
        """List open cases; numbers are masked.

        Raises:
            RequestRefused: `CL-1101`, `CL-1102`, `CL-1103` for the key, `CL-1109` if it asks too
                fast.
            TransientError: `CL-1801` while not all cases are read.
        """
        principal = self._reader(request)
        cases = self._reviews.open_cases(principal, _place(asked.after), _wanted(asked))
        page = list(islice(cases, asked.limit + 1))
        shown = page[: asked.limit]
        answer: dict[str, object] = {"reviews": [self._case(case) for case in shown]}
        if len(page) > len(shown):
            answer["next"] = str(shown[-1].place)
        return JSONResponse(answer)

    async def show(
        self,
        request: Request,
        id: Id,
        asked: Annotated[OneQuery, Query()],
    ) -> JSONResponse:
        """Show one case whole, masked unless the key may see numbers; or what was decided of it.

        Raises:
            RequestRefused: As `list`; `CL-1802` if there is no such case for this key.
            TransientError: `CL-1801` while not all cases are read.
        """
        principal = self._reader(request)
        if asked.unmask:
            principal.require(UNMASK)
        found = self._reviews.find(principal, bytes.fromhex(id))
        if isinstance(found, Decided):
            return JSONResponse(_decided(id, found))
        if asked.unmask:
            log.info("number_unmasked", review_id=id, key=principal.key_id)
        return JSONResponse(self._whole(found, is_masked=not asked.unmask))

    async def assign(
        self,
        request: Request,
        id: Id,
        asked: OwnerIn,
    ) -> JSONResponse:
        """Give a case to somebody; 202 once it is durable.

        Raises:
            RequestRefused: As `show`; `CL-1803` if it was decided already.
            TransientError: A code with status 503 if it is not durable.
        """
        principal = self._reader(request)
        case = await self._reviews.assign(principal, bytes.fromhex(id), asked.owner)
        return JSONResponse(self._whole(case), 202)

    async def decide(
        self,
        request: Request,
        id: Id,
        asked: DecisionIn,
    ) -> JSONResponse:
        """Decide a case; 202 once all that follows from it is durable.

        Raises:
            RequestRefused: As `Reviews.decide`.
            TransientError: A code with status 503: send the same again.
        """
        principal = self._keys.of(request)
        # A decision may hold a refusal, which is never turned away for speed.
        await self._limit.wait_turn(principal.key_id)
        trace = request.headers.get("traceparent")
        done = await self._reviews.decide(principal, bytes.fromhex(id), asked, trace)
        return JSONResponse(_done(id, done), 202)

    def _reader(self, request: Request) -> Principal:
        principal = self._keys.of(request)
        self._limit.check(principal.key_id)
        return principal

    def _case(self, case: Case, *, is_masked: bool = True) -> dict[str, Any]:
        opened = case.opened
        shown: dict[str, Any] = {
            "review_id": opened.review_id.hex(),
            "state": "open",
            "reason": opened.reason.value,
            "opened_at": write_utc(opened.opened_at_ms),
            "age_seconds": max(0, self._clock.now_ms() - opened.opened_at_ms) // 1000,
            "owner": mask_text(case.owner),
            "source": opened.source,
            "entity": opened.entity,
            "number": _number(opened.subject, is_masked=is_masked),
            "detail": (opened.detail if not is_masked else mask_text(opened.detail)) or None,
            "event_id": None if opened.event_id is None else opened.event_id.hex(),
            "topic": opened.topic,
            "partition": opened.partition,
            "offset": opened.kafka_offset,
        }
        return {name: value for name, value in shown.items() if value is not None}

    def _whole(self, case: Case, *, is_masked: bool = True) -> dict[str, Any]:
        text = case.opened.payload.decode("utf-8", "replace")
        payload = mask_text(text) if is_masked else text
        return {**self._case(case, is_masked=is_masked), "payload": payload}


def _answers(method: str, answer: dict[str, Any], codes: tuple[str, ...]) -> dict[int | str, Any]:
    is_read = method == "GET"
    told = "As the log has it." if is_read else "Durable: in the log, or spooled for it."
    return {200 if is_read else 202: json_answer(told, answer), **problems(*codes)}


def _wanted(asked: ReviewQuery) -> Callable[[Kind], bool]:
    def wanted(kind: Kind) -> bool:
        return (
            asked.reason in (None, kind.reason)
            and asked.owner in (None, kind.owner)
            and asked.source in (None, kind.whose.source)
        )

    return wanted


def _place(text: str | None) -> Place | None:
    if text is None:
        return None
    opened_at_ms, _, review_id = text.partition(":")
    return Place(int(opened_at_ms), bytes.fromhex(review_id))


def _number(subject: str | None, *, is_masked: bool) -> str | None:
    return mask(subject) if subject is not None and is_masked else subject


def _decided(review_id: str, decided: Decided) -> dict[str, object]:
    at = {} if decided.at_ms is None else {"decided_at": write_utc(decided.at_ms)}
    return {
        "review_id": review_id,
        "state": "decided",
        "decision": decided.decision,
        "decided_by": decided.by,
        "owner": mask_text(decided.owner),
        **at,
    }


def _done(review_id: str, done: Done) -> dict[str, object]:
    events = [
        {
            "action": event.fact.action.value,
            "event_id": event.fact.event_id.hex(),
            **durability_of(delivered),
        }
        for event, delivered in done.events
    ]
    return {**_decided(review_id, done.decided), "events": events}
