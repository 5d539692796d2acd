"""`POST /v1/imports`: rows of a list of refusals, many at once (docs/imports.md).

What `/v1/consent-events` would record of each row is recorded here, byte for byte, at a small part
of the price: what rows share is stated, checked and encoded once.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from consentlog.http.auth import Authenticator
from consentlog.http.body import parse_json
from consentlog.http.language import language_of
from consentlog.ports import Clock
from producers.intake import trace_of
from producers.lists.openapi import IMPORTS_ANSWERS, IMPORTS_BODY, IMPORTS_HEADERS
from producers.lists.receiving import Receiving
from producers.lists.shapes import read_rows
from producers.lists.taking import Caller
from producers.openapi import EVENTS_SECURITY
from producers.source_clock import measured_offset


class ImportsChannel:
    """The channel of lists.

    Args:
        keys: Recognises the caller.
        receiving: Records rows.
        clock: What a source's clock is compared with.
    """

    def __init__(self, keys: Authenticator, receiving: Receiving, clock: Clock) -> None:
        self._keys = keys
        self._receiving = receiving
        self._clock = clock

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
        caller = Caller(principal, offset_ms, trace_of(request.headers.get("traceparent")))
        language = language_of(request.headers.get("accept-language"))
        content = await self._receiving.record(rows, caller, language)
        return JSONResponse(content, 207 if content["rejected"] else 202)
