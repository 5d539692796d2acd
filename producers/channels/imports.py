"""`POST /v1/imports`: rows of a list of refusals, many at once (docs/imports.md).

What `/v1/consent-events` would record of each row is recorded here, byte for byte, at a small part
of the price: what rows share is stated, checked and encoded once.
"""

from __future__ import annotations

import asyncio
from operator import itemgetter
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from consentlog.errors import Language
from consentlog.http.auth import Authenticator
from consentlog.http.body import parse_json
from consentlog.http.language import language_of
from consentlog.ports import Clock
from producers.accept import Acceptor
from producers.intake import Intake, durability_of, trace_of
from producers.limits import RateLimit
from producers.lists.openapi import IMPORTS_ANSWERS, IMPORTS_BODY, IMPORTS_HEADERS
from producers.lists.shapes import Rows, read_rows
from producers.lists.taking import Caller, Taking
from producers.openapi import EVENTS_SECURITY
from producers.outcome import Outcome
from producers.results import result_of
from producers.source_clock import measured_offset

LOG_WITHIN_S: Final = 2.0
"""How long a request waits for the broker before its rows are told to be spooled.

Nobody waits at the other end as a caller on the phone does. While the broker is slow an import is
slowed with it, instead of filling the way to the log that everybody's refusals take.
"""
_TAKEN_AT_ONCE: Final = 50
"""Rows between which everybody else has a turn: about a millisecond."""


class ImportsChannel:
    """The channel of lists.

    Args:
        keys: Recognises the caller.
        acceptor: Decides what becomes of a row.
        intake: Delivers it.
        clock: What a source's clock is compared with.
        limit: How many rows a second a key may send.
        id_key: The deployment's key for ids.
    """

    def __init__(  # noqa: PLR0913  # what a channel stands on
        self,
        keys: Authenticator,
        acceptor: Acceptor,
        intake: Intake,
        clock: Clock,
        limit: RateLimit,
        id_key: bytes,
    ) -> None:
        self._keys = keys
        self._acceptor = acceptor
        self._intake = intake
        self._clock = clock
        self._limit = limit
        self._id_key = id_key
        # Several requests at once would only make each, and everybody else's, take longer.
        self._one = asyncio.Lock()

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter(tags=["imports"])
        router.add_api_route(
            "/v1/imports",
            self.post,
            methods=["POST"],
            status_code=202,
            response_model=None,
            summary="Record at most 1000 rows of a list of refusals",
            responses=IMPORTS_ANSWERS,
            openapi_extra={
                **IMPORTS_BODY,
                "parameters": IMPORTS_HEADERS,
                "security": EVENTS_SECURITY,
            },
        )
        return router

    async def post(self, request: Request) -> JSONResponse:
        """Record rows; 202 (207 if one was refused) only after all that is recorded is durable.

        The answer counts, and tells of single rows only what is not plain: refused, held, reviewed,
        or asked after in `tell`. A row names its act by its list, so the same request sent again
        records the same acts.

        Raises:
            RequestRefused: `CL-1101`, `CL-1102`, `CL-1103` for the key, `CL-1002`, `CL-1001`,
                `CL-1105` for the form.
            TransientError: A code with status 503 if nothing durable would take the rows.
        """
        principal = self._keys.of(request)
        offset_ms = measured_offset(request, self._clock)
        principal.require("events:write")
        rows = read_rows(parse_json(await request.body()))
        await self._limit.wait_turn(principal.key_id, len(rows.rows))
        caller = Caller(principal, offset_ms, trace_of(request.headers.get("traceparent")))
        taking = Taking(self._acceptor, self._id_key, caller, rows)
        async with self._one:
            for at, row in enumerate(rows.rows):
                taking.take(at, row)
                if not at % _TAKEN_AT_ONCE:
                    await asyncio.sleep(0)
        language = language_of(request.headers.get("accept-language"))
        return await self._deliver(taking, caller, rows, language)

    async def _deliver(
        self, taking: Taking, caller: Caller, rows: Rows, language: Language
    ) -> JSONResponse:
        outcomes = [outcome for _, outcome in taking.others]
        plain, others = await asyncio.gather(
            self._intake.deliver_rows(
                [one.record for one in taking.plain],
                [(caller.principal.source.id, one.action) for one in taking.plain],
                LOG_WITHIN_S,
            ),
            self._intake.deliver_all(outcomes, caller.traceparent, LOG_WITHIN_S),
        )
        recorded = [one for (_, of), one in zip(taking.others, others, strict=True) if of.event]
        results = [
            {"index": one.at, "status": "accepted", "event_id": one.event_id.hex()}
            | durability_of(delivered)
            for one, delivered in zip(taking.plain, plain, strict=True)
            if one.at in rows.tell
        ]
        for (at, outcome), delivered in zip(taking.others, others, strict=True):
            if at in rows.tell or not _is_plain(outcome):
                results.append({"index": at, **result_of(outcome, delivered, language)})
        content = {
            "accepted": len(plain) + len(recorded),
            "rejected": len(others) - len(recorded),
            "spooled": sum(one.spooled for one in (*plain, *recorded)),
            "results": sorted(results, key=itemgetter("index")),
        }
        return JSONResponse(content, 207 if content["rejected"] else 202)


def _is_plain(outcome: Outcome) -> bool:
    event = outcome.event
    return event is not None and outcome.review is None and not event.fact.clock_wrong
