"""Sends batches to the gateway, as often as it takes until each has its answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import httpx2

from consentlog.errors import InvalidEvent, TransientError
from consentlog.observability.masking import mask_text

MAX_ROWS: Final = 1000
MAX_BYTES: Final = 900_000
"""Of a body; the gateway takes 1 MiB."""

_BACKOFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
_COME_BACK: Final = frozenset({429, 502, 503, 504})
_LONGEST_PAUSE_S: Final = 60.0


class Stopping(Exception):
    """Somebody stopped the import while a batch was waiting."""


class Gateway(Protocol):
    """The gateway as an import sees it."""

    def send(self, body: bytes, rows: int) -> dict[int, dict[str, Any]]:
        """Send rows.

        Args:
            body: Of `POST /v1/imports`.
            rows: How many are in it.

        Returns:
            What was told of single rows, by their place in it; all the others are recorded.

        Raises:
            InvalidEvent: `CL-1505` if the gateway turns all of them away.
            TransientError: `CL-1506` if it takes nothing for too long.
        """
        ...


class HttpGateway:
    """The gateway over HTTP; may be used from several threads.

    A 503 or a broken connection is waited out and the same body sent again: its rows are the same
    acts.

    Args:
        client: With the gateway's address and the key.
        patience_s: How long it may take nothing before the import gives up.
        on_wait: Told why, whenever a batch has to wait.
    """

    def __init__(
        self,
        client: httpx2.Client,
        patience_s: float = 600.0,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._patience_s = patience_s
        self._on_wait = on_wait
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End every wait."""
        self._stopped.set()

    def send(self, body: bytes, rows: int) -> dict[int, dict[str, Any]]:
        """Send rows until they are answered."""
        given_up = time.monotonic() + self._patience_s
        for attempt in range(1_000_000):
            reason, pause_s = "", _BACKOFF_S[min(attempt, len(_BACKOFF_S) - 1)]
            try:
                response = self._client.post("/v1/imports", content=body)
            except httpx2.TransportError as exc:
                reason = type(exc).__name__
            else:
                if response.status_code not in _COME_BACK:
                    return _results(response, rows)
                reason = _told(response)
                pause_s = _retry_after(response, pause_s)
            if time.monotonic() + pause_s > given_up:
                raise TransientError("CL-1506", seconds=round(self._patience_s), reason=reason)
            self._on_wait(reason)
            if self._stopped.wait(pause_s):
                raise Stopping
        raise AssertionError("the patience ends long before")


def _results(response: httpx2.Response, count: int) -> dict[int, dict[str, Any]]:
    if response.status_code not in (202, 207):
        status, told = response.status_code, _told(response)
        code, _, reason = told.partition(" ")
        raise InvalidEvent("CL-1505", status=status, code=code, reason=reason)
    told = response.json()
    answered = told["accepted"] + told["rejected"]
    if answered != count:
        reason = f"{answered} answered of {count} rows"
        raise InvalidEvent("CL-1505", status=response.status_code, code="-", reason=reason)
    return {one["index"]: one for one in told["results"]}


def _told(response: httpx2.Response) -> str:
    """Say what the gateway says, in one line without a number."""
    try:
        problem = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return f"{response.status_code} no problem document"
    if not isinstance(problem, dict):
        return f"{response.status_code} no problem document"
    return mask_text(f"{problem.get('code', response.status_code)} {problem.get('detail', '')}")


def _retry_after(response: httpx2.Response, otherwise: float) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), _LONGEST_PAUSE_S) if text.isdecimal() else otherwise
