"""A request whose connection ends before its body is no request."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import anyio
import pytest

from consentlog.http.envelope import Envelope

Message = MutableMapping[str, Any]


def _ask(*messages: Message) -> tuple[list[bytes], list[Message]]:
    """Send messages to an application; returns the bodies that it saw, and what was answered."""
    waiting, bodies, sent = list(messages), list[bytes](), list[Message]()

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        bodies.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/desk", "headers": []}
    anyio.run(Envelope(app), scope, receive, send)
    return bodies, sent


def _part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_whole_body_is_served() -> None:
    bodies, sent = _ask(_part(b"number=1&", more=True), _part(b"act=not_now", more=False))
    assert bodies == [b"number=1&act=not_now"]
    assert sent[0]["status"] == 200


@pytest.mark.parametrize("parts", [[], [b"number=1&entity=acme"]])
def test_a_part_of_one_is_not_because_it_can_say_something_else(parts: list[bytes]) -> None:
    assert _ask(*(_part(one, more=True) for one in parts)) == ([], [])
