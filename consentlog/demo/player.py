"""Plays the day's steps through the gateway's real HTTP endpoints, or straight onto the log."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from consentlog.demo.script import Step
from consentlog.demo.template import Lookup, fill
from consentlog.errors import TransientError

_LIMIT_S: Final = 20.0
_NONCE: Final = re.compile(r"<input\b[^>]*\bname=\"nonce\"[^>]*>", re.IGNORECASE)
_VALUE: Final = re.compile(r"\bvalue=\"([^\"]*)\"", re.IGNORECASE)

Append = Callable[[str, bytes], str]
"""Puts key and value straight on the log; returns the token once the broker acknowledged it."""
Mint = Callable[[str], str]
"""Makes the sealed token of a one-click link for a number (E.164)."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came back from a step.

    Attributes:
        step: What was played.
        status: HTTP status; None for a record that went straight to the log.
        items: JSON answer of each item, in order; empty if the answer was not about items.
        body: The whole JSON answer; None if it was another kind of answer.
        answered_ns: Monotonic clock when the answer was here.
    """

    step: Step
    status: int | None
    items: tuple[Mapping[str, Any], ...]
    body: Mapping[str, Any] | None
    answered_ns: int

    @property
    def codes(self) -> tuple[str | None, ...]:
        """Code of the problem of each item, None for an accepted one."""
        return tuple((item.get("problem") or item).get("code") for item in self.items)

    @property
    def review_ids(self) -> tuple[str | None, ...]:
        """Review id of each item, None where no review was opened."""
        return tuple(
            item.get("review_id") or (item.get("problem") or {}).get("review_id")
            for item in self.items
        )

    @property
    def tokens(self) -> tuple[tuple[str, str | None], ...]:
        """Token and event id (hex) of each accepted item that names them."""
        return tuple(
            (item["token"], item.get("event_id")) for item in self.items if "token" in item
        )


@dataclass(slots=True)
class Player:
    """Sends steps and remembers what later steps refer to.

    Args:
        gateway: Client of the gateway.
        keys: API keys by source.
        days: Lookup of dates.
        mint: Makes one-click tokens.
        append: Puts a record on the log.
    """

    gateway: httpx2.Client
    keys: Mapping[str, str]
    days: Lookup
    mint: Mint
    append: Append
    _known: dict[str, str] = field(default_factory=dict)

    def play(self, step: Step) -> Played:
        """Play one step.

        Raises:
            TransientError: `CL-9002` if the gateway did not answer.
            KeyError: If the step refers to something that did not happen.
        """
        request = fill(dict(step.request), self._look_up)
        if "value_hex" in request:
            token = self.append(request["key"], bytes.fromhex(request["value_hex"]))
            return Played(step, None, ({"token": token},), None, time.monotonic_ns())
        response = self._send(step, request)
        played = Played(
            step, response.status_code, *_answer_of(response), answered_ns=time.monotonic_ns()
        )
        self._remember(step, response, played)
        return played

    def _send(self, step: Step, request: Mapping[str, Any]) -> httpx2.Response:
        headers = {}
        if "key" in request:
            headers["Authorization"] = f"Bearer {self.keys[request['key']]}"
        try:
            return self.gateway.request(
                request["method"],
                request["path"],
                headers=headers,
                json=request.get("json"),
                data=request.get("form"),
                timeout=_LIMIT_S,
            )
        except httpx2.HTTPError as exc:
            raise TransientError("CL-9002", step=step.name, reason=type(exc).__name__) from exc

    def _remember(self, step: Step, response: httpx2.Response, played: Played) -> None:
        for item in played.items:
            if "event_id" in item:
                self._known[f"event_id:{step.name}"] = item["event_id"]
        field_found = _NONCE.search(response.text) if played.body is None else None
        value = _VALUE.search(field_found[0]) if field_found else None
        if value is not None:
            self._known[f"nonce:{step.name}"] = value[1]

    def _look_up(self, name: str) -> str:
        if name == "secret":
            return self.keys["aliyun"]
        if name.startswith("link:"):
            if name not in self._known:
                self._known[name] = self.mint(name.removeprefix("link:"))
            return self._known[name]
        return self._known[name] if ":" in name else self.days(name)


def _answer_of(
    response: httpx2.Response,
) -> tuple[tuple[Mapping[str, Any], ...], Mapping[str, Any] | None]:
    """Return the items of a JSON answer and the answer itself."""
    if "json" not in response.headers.get("Content-Type", ""):
        return (), None
    body = response.json()
    if "results" in body:
        return tuple(body["results"]), body
    return ((body,) if "status" in body else ()), body
