"""The one exception from the limit of bodies: a path whose route reads piece by piece."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from fastapi import APIRouter, Request

from consentlog.http.app import build_app
from tests.support.asgi import client_of

LIMIT = 3 << 20
PIECE = b"x" * 65_536


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    router = APIRouter()

    @router.post("/list")
    @router.post("/list/{more}")
    async def pieces(request: Request) -> dict[str, int]:
        sizes = [len(piece) async for piece in request.stream()]
        return {"bytes": sum(sizes), "longest": max(sizes)}

    with client_of(build_app("test", [router], lambda: True, streamed={"/list": LIMIT})) as found:
        yield found


def _send(client: httpx2.Client, path: str, size: int) -> httpx2.Response:
    return client.post(path, content=iter([PIECE] * (size // len(PIECE))))


def test_a_streamed_body_comes_in_pieces_up_to_its_own_limit(client: httpx2.Client) -> None:
    assert _send(client, "/list", LIMIT).json() == {"bytes": LIMIT, "longest": len(PIECE)}
    over = _send(client, "/list", LIMIT + len(PIECE))
    assert (over.status_code, over.json()["code"]) == (413, "CL-1005")


def test_no_other_path_has_more_than_all(client: httpx2.Client) -> None:
    for path in ("/list/", "/list/more", "/List"):
        over = _send(client, path, 2 << 20)
        assert (over.status_code, over.json()["code"]) == (413, "CL-1005"), path
