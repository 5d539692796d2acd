"""`/v1/takeovers`: documented consents of an older system, once a second person approved the list.

Source: rules of refusal 5.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import JSONResponse

from consentlog.http.auth import Authenticator, Principal
from consentlog.http.body import parse_json
from consentlog.http.described import KEYED
from consentlog.http.language import language_of
from consentlog.http.problems import RequestRefused, pointers_of
from consentlog.ports import Clock
from producers.intake import Intake
from producers.limits import RateLimit
from producers.openapi import DATE, TRACEPARENT, one_body
from producers.outcome import Outcome
from producers.results import result_of
from producers.reviews.book import ReviewBook
from producers.source_clock import measured_offset
from producers.takeovers.manifest import Manifest
from producers.takeovers.service import WAITING, Standing, Takeovers, approval
from producers.takeovers.shapes import PROPOSED, STANDS, TAKEN, BatchSent, BatchShown

Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="hex, 32 digits")]

_FILED_WITHIN_S: Final = 2.0
_Model = TypeVar("_Model", bound=BaseModel)


class TakeoversChannel:
    """The channel of whoever moves documented consents here.

    Args:
        keys: Recognises the caller.
        takeovers: Decides about lists.
        book: Shows a proposed list once the log has it.
        intake: Delivers cases and consents.
        clock: What a source's clock is compared with.
        limit: How fast a key may send: what can only loosen comes later.
    """

    def __init__(  # noqa: PLR0913  # what it puts together
        self,
        keys: Authenticator,
        takeovers: Takeovers,
        book: ReviewBook,
        intake: Intake,
        clock: Clock,
        limit: RateLimit,
    ) -> None:
        self._keys = keys
        self._takeovers = takeovers
        self._book = book
        self._intake = intake
        self._clock = clock
        self._limit = limit

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["takeovers"])
        propose = {**one_body(Manifest), "parameters": [TRACEPARENT], "security": KEYED}
        send = {**one_body(BatchShown), "parameters": [DATE, TRACEPARENT], "security": KEYED}
        for path, call, method, status, summary, answers, extra in (
            ("", self.propose, "POST", 202, "Propose a list of consents", PROPOSED, propose),
            ("/{id}", self.show, "GET", 200, "How a list stands", STANDS, {"security": KEYED}),
            ("/{id}/events", self.send, "POST", 202, "Take approved rows over", TAKEN, send),
        ):
            router.add_api_route(
                f"/v1/takeovers{path}",
                call,
                methods=[method],
                status_code=status,
                response_model=None,
                summary=summary,
                responses=answers,
                openapi_extra=extra,
            )
        return router

    async def propose(self, request: Request) -> JSONResponse:
        """Open the case of a list, or tell how it stands; 202 once the case is durable.

        Asked after the answer, `show` knows the list, unless Kafka is away or cases are read late.

        Raises:
            RequestRefused: `CL-1101`, `CL-1102`, `CL-1103`, `CL-1104` for the key, `CL-1109` if it
                is too fast, `CL-1002`, `CL-1001` for the form, `CL-1901` for a list too large.
            TransientError: A code with status 503 if the case is not durable.
        """
        principal = self._caller(request)
        manifest = _read(Manifest, await request.body())
        case = self._takeovers.propose(manifest, principal)
        known = self._takeovers.standing(case.review_id, principal)
        if known is None:
            known = Standing(WAITING)
            delivered = await self._intake.deliver_case(case)
            if delivered.position is not None:
                await self._book.applied(delivered.position.offset, _FILED_WITHIN_S)
        return JSONResponse({"takeover_id": case.review_id.hex(), **known.shown}, 202)

    async def show(self, request: Request, id: Id) -> JSONResponse:
        """Tell how a list stands.

        Raises:
            RequestRefused: As `propose`; `CL-1902` for a list that this source never proposed.
            TransientError: `CL-1801` while not all cases are read.
        """
        principal = self._caller(request)
        known = self._takeovers.standing(bytes.fromhex(id), principal)
        if known is None:
            raise RequestRefused("CL-1902")
        return JSONResponse({"takeover_id": id, **known.shown})

    async def send(self, request: Request, id: Id) -> JSONResponse:
        """Record rows of an approved list; a result per row, in order.

        202 if all were accepted, else 207. Sent again, they are the same acts.

        Raises:
            RequestRefused: As `propose`; `CL-1903` to `CL-1907` if exactly these rows were not
                approved by somebody else: nothing is recorded then.
            TransientError: A code with status 503 if one of them is not durable.
        """
        principal = self._keys.of(request)
        offset_ms = measured_offset(request, self._clock)
        sent = _read(BatchSent, await request.body())
        takeover_id, rows = bytes.fromhex(id), sent.rows
        decided = self._takeovers.check(takeover_id, sent.manifest, sent.batch, rows, principal)
        self._limit.check(principal.key_id, len(rows))
        by = approval(takeover_id, decided)
        outcomes = [
            self._takeovers.accept(row, sent.manifest, by, principal, offset_ms) for row in rows
        ]
        return await self._deliver(request, outcomes)

    async def _deliver(self, request: Request, outcomes: list[Outcome]) -> JSONResponse:
        trace = request.headers.get("traceparent")
        delivered = await self._intake.deliver_all(outcomes, trace)
        language = language_of(request.headers.get("accept-language"))
        told = [
            {"index": index, **result_of(outcome, one, language)}
            for index, (outcome, one) in enumerate(zip(outcomes, delivered, strict=True))
        ]
        all_accepted = all(outcome.refusal is None for outcome in outcomes)
        return JSONResponse({"results": told}, 202 if all_accepted else 207)

    def _caller(self, request: Request) -> Principal:
        principal = self._keys.of(request)
        self._limit.check(principal.key_id)
        return principal


def _read(model: type[_Model], body: bytes) -> _Model:
    try:
        return model.model_validate(parse_json(body))
    except ValidationError as exc:
        errors = pointers_of(exc.errors(include_input=False, include_url=False))
        raise RequestRefused("CL-1001", extra={"errors": errors}) from None
