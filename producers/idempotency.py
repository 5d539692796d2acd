"""Answers kept by `Idempotency-Key`, so that a request sent again gets the one it missed.

In memory, and that is enough: the key is also what names the acts of a request (`Draft.named`), so
the same request after a restart, or at another gateway, records the same acts and not new ones.
What a lost answer costs is work done twice; a file would cost an fsync for each request.

Only answers that recorded something are kept. A request that was turned away (4xx, 503) recorded
nothing that a repeat could double, and a refusal that is sent again, corrected, under the same key
must find the door open.

Source: draft-ietf-httpapi-idempotency-key-header-07, 2.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from consentlog.http.problems import RequestRefused
from consentlog.ports import Clock

MAX_AGE_MS: Final = 24 * 3600 * 1000
"""A sender that comes back later than this has given up on the request before."""
MAX_ANSWERS: Final = 20_000
MAX_BYTES: Final = 32 * 1024 * 1024
"""Of answers: a list of 1000 acts is answered with about 120 kB."""
_RUNNING_S: Final = 1
"""What a 409 asks the caller to wait: the first request is answered within a second, or spooled."""


class Answered(NamedTuple):
    """An answer as it was given."""

    status: int
    body: bytes


class _Entry:
    """One key: of which body, since when (ms UTC), and its answer once there is one."""

    __slots__ = ("answer", "body", "since_ms")

    def __init__(self, body: bytes, since_ms: int) -> None:
        self.body = body
        self.since_ms = since_ms
        self.answer: Answered | None = None

    @property
    def size(self) -> int:
        return len(self.answer.body) if self.answer else 0


class Turn:
    """One request under a key: `earlier` = the answer that it was given before, if it was."""

    def __init__(self, earlier: Answered | None = None) -> None:
        self.earlier = earlier
        self.answer: Answered | None = None

    def keep(self, status: int, body: bytes) -> None:
        """Keep what this request is answered with, for the next one under its key."""
        self.answer = Answered(status, body)


class Answers:
    """The answers of the last day, as many as fit; belongs to one event loop.

    One that was pushed out early is made anew, from the same acts. A key's running request is never
    pushed out; where those alone fill the store, a further request runs without its protection
    rather than being turned away.

    Args:
        clock: Age of an answer.
        max_answers: Most keys kept.
        max_bytes: Most bytes of answers kept.
    """

    def __init__(
        self, clock: Clock, max_answers: int = MAX_ANSWERS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._clock = clock
        self._max_answers = max_answers
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    @contextmanager
    def turn(self, owner: str, key: str | None, body: object) -> Iterator[Turn]:
        """Run one request under its key.

        Args:
            owner: Whose keys these are: the id of the API key.
            key: What the caller sent; None = it sent none, and nothing is kept.
            body: The request as JSON values.

        Raises:
            RequestRefused: `CL-1107` while the first request of this key runs, `CL-1108` if the key
                stood over another body.
        """
        if key is None:
            yield Turn()
            return
        name = hashlib.sha256(f"{len(owner)}:{owner}{key}".encode("utf-8", "replace")).digest()
        digest = _digest(body)
        self._forget_old()
        entry = self._entries.get(name)
        if entry is not None:
            yield Turn(_earlier(entry, digest))
            return
        yield from self._first(name, digest)

    def _first(self, name: bytes, digest: bytes) -> Iterator[Turn]:
        turn = Turn()
        if not self._has_room():
            yield turn
            return
        entry = self._entries[name] = _Entry(digest, self._clock.now_ms())
        try:
            yield turn
        finally:
            if turn.answer is None or len(turn.answer.body) > self._max_bytes:
                del self._entries[name]
            else:
                entry.answer = turn.answer
                self._bytes += entry.size
                self._shrink(self._max_answers)

    def _has_room(self) -> bool:
        self._shrink(self._max_answers - 1)
        return len(self._entries) < self._max_answers

    def _shrink(self, most: int) -> None:
        """Push out the oldest answers until there are at most so many, within the bytes."""
        if len(self._entries) <= most and self._bytes <= self._max_bytes:
            return
        for name in [name for name, entry in self._entries.items() if entry.answer]:
            if len(self._entries) <= most and self._bytes <= self._max_bytes:
                return
            self._forget(name)

    def _forget_old(self) -> None:
        oldest_ms = self._clock.now_ms() - MAX_AGE_MS
        while self._entries:
            name, entry = next(iter(self._entries.items()))
            if entry.answer is None or entry.since_ms > oldest_ms:
                return
            self._forget(name)

    def _forget(self, name: bytes) -> None:
        self._bytes -= self._entries.pop(name).size


def _earlier(entry: _Entry, digest: bytes) -> Answered:
    if entry.body != digest:
        raise RequestRefused("CL-1108")
    if entry.answer is None:
        raise RequestRefused("CL-1107", retry_after_s=_RUNNING_S)
    return entry.answer


def _digest(body: object) -> bytes:
    """Name a body by its values: spaces and the order of members are the sender's own affair."""
    try:
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    except RecursionError:
        raise RequestRefused("CL-1002", reason="it nests too far") from None
