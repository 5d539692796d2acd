"""Hands the rows of a list to the gateway from within: the way of `POST /v1/imports`, less HTTP."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from consentlog.errors import InvalidEvent, Language, TransientError
from consentlog.http.auth import Principal
from consentlog.http.body import parse_json
from consentlog.http.problems import RequestRefused
from producers.imports.sending import Stopping
from producers.lists.receiving import Receiving
from producers.lists.shapes import read_rows
from producers.lists.taking import Caller

_BACKOFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
_REST_S: Final = 0.03
"""After each batch, for everybody else: a list in this process takes what single acts need."""
_TURN_S: Final = 0.25
"""How long a batch waits for the one before it; beyond that it is the log that is waited for."""
_LOOKED_AFTER_S: Final = 0.5
"""How often a thread that waits for an answer looks whether it has to stop."""


class Handing:
    """The gateway as an import in its own process sees it; used from the import's threads.

    What is asked of a caller over HTTP is asked here too: the key has to hold at every batch.

    Args:
        receiving: Records rows.
        principal: Who hands the list in.
        holds: Whether the key still does.
        loop: The gateway's.
        language: Of what is said about single rows.
        patience_s: How long nothing may be taken before the import gives up.
    """

    def __init__(  # noqa: PLR0913  # what a batch needs on its way
        self,
        receiving: Receiving,
        principal: Principal,
        holds: Callable[[], bool],
        loop: asyncio.AbstractEventLoop,
        language: Language,
        patience_s: float = 600.0,
    ) -> None:
        self._receiving = receiving
        self._principal = principal
        self._holds = holds
        self._loop = loop
        self._language = language
        self._patience_s = patience_s
        self._stopped = threading.Event()
        # Batches of one list that are made ready side by side would only share the processor.
        self._one = threading.Lock()

    def stop(self) -> None:
        """End every wait; batches that are on their way are not waited for."""
        self._stopped.set()

    def send(self, body: bytes, rows: int) -> dict[int, dict[str, Any]]:
        """Hand rows over until they are answered."""
        given_up = time.monotonic() + self._patience_s
        attempt = 0
        while True:
            try:
                return self._in_turn(body, rows)
            except TransientError as error:
                pause_s = _BACKOFF_S[min(attempt, len(_BACKOFF_S) - 1)]
                if time.monotonic() + pause_s > given_up:
                    seconds = round(self._patience_s)
                    raise TransientError("CL-1506", seconds=seconds, reason=error.code) from None
            if self._stopped.wait(pause_s):
                raise Stopping
            attempt += 1

    def _in_turn(self, body: bytes, rows: int) -> dict[int, dict[str, Any]]:
        has_turn = self._one.acquire(timeout=_TURN_S)
        try:
            found = self._answer_to(body, rows)
            self._stopped.wait(_REST_S)
        finally:
            if has_turn:
                self._one.release()
        return found

    def _answer_to(self, body: bytes, rows: int) -> dict[int, dict[str, Any]]:
        if not self._holds():
            raise _turned_away(RequestRefused("CL-1102"))
        try:
            asked = read_rows(parse_json(body))
        except RequestRefused as refused:
            raise _turned_away(refused) from None
        caller = Caller(self._principal, None, None)
        told = self._wait_for(self._receiving.record(asked, caller, self._language))
        answered = told["accepted"] + told["rejected"]
        if answered != rows:
            reason = f"{answered} answered of {rows} rows"
            raise InvalidEvent("CL-1505", status=202, code="-", reason=reason)
        return {one["index"]: one for one in told["results"]}

    def _wait_for(self, recording: Any) -> dict[str, Any]:
        if self._loop.is_closed():
            recording.close()
            raise Stopping
        future = asyncio.run_coroutine_threadsafe(recording, self._loop)
        while True:
            try:
                found: dict[str, Any] = future.result(_LOOKED_AFTER_S)
            except TimeoutError:
                if self._stopped.is_set() or self._loop.is_closed():
                    future.cancel()
                    raise Stopping from None
            else:
                return found


def _turned_away(refused: RequestRefused) -> InvalidEvent:
    status, reason = refused.entry.status, refused.what()
    return InvalidEvent("CL-1505", status=status, code=refused.code, reason=reason)
