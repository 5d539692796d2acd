"""The one way to make an HTTP application here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.responses import PlainTextResponse, Response

from consentlog.http.described import describe
from consentlog.http.envelope import MAX_BODY_BYTES, NOTHING_STREAMED, Envelope
from consentlog.http.problems import install_handlers
from consentlog.http.reference import page_of

_INTERFACE_VERSION = "1"
"""Of the HTTP interface (`/v1`), not of the package."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_app(  # noqa: PLR0913  # options are keyword-only
    title: str,
    routers: Sequence[APIRouter],
    is_ready: Callable[[], bool],
    *,
    lifespan: Lifespan | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    streamed: Mapping[str, int] = NOTHING_STREAMED,
) -> FastAPI:
    """Build an application with problems, limits, probes and metrics.

    `/openapi.json` describes it to programs, `/docs` to people. FastAPI's own pages load assets
    from outside, and are off.

    Args:
        title: Name shown in the OpenAPI document.
        routers: The service's own routes.
        is_ready: Whether the service does its work; asked at each `/readyz`, must not block.
        lifespan: Starts and stops what the service needs.
        max_body_bytes: Larger bodies are answered with 413.
        streamed: The exceptions: bytes that may be posted to a path whose route reads them piece by
            piece.
    """
    app = FastAPI(
        title=title, version=_INTERFACE_VERSION, docs_url=None, redoc_url=None, lifespan=lifespan
    )
    install_handlers(app)
    describe(app)
    for router in (*routers, _probes(is_ready), _page(app)):
        app.include_router(router)
    app.add_middleware(Envelope, max_body_bytes=max_body_bytes, streamed=streamed)
    return app


def _page(app: FastAPI) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs() -> Response:
        return page_of(app.openapi())

    return router


def _probes(is_ready: Callable[[], bool]) -> APIRouter:
    router = APIRouter(tags=["probes"], default_response_class=PlainTextResponse)

    @router.get("/healthz", summary="The process answers", response_model=None)
    async def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @router.get(
        "/readyz",
        summary="The service does its work",
        response_model=None,
        responses={503: {"description": "Not yet, or not now.", "content": {"text/plain": {}}}},
    )
    async def readyz() -> Response:
        ready = is_ready()
        return PlainTextResponse("ok\n" if ready else "not yet\n", 200 if ready else 503)

    @router.get("/metrics", summary="Counts for Prometheus", response_model=None)
    async def metrics() -> Response:
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return router
