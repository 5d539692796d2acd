"""One-time codes: whoever reads the texts of a number says so by the code that was sent to it.

A refusal never asks for one; only consent does (rules of refusal 5). Codes live in memory: a
gateway that starts anew has forgotten them, and the person asks for another.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, Protocol

from prometheus_client import Counter

from consentlog.errors import TransientError
from consentlog.http.problems import RequestRefused
from consentlog.ports import Clock

HOLDS_MS: Final = 600_000
"""How long a code holds."""

TRIES: Final = 5
"""Guesses at one code."""

CODES_PER_HOUR: Final = 3
"""Codes for one number: with the tries, 15 guesses an hour at a million."""

MAX_NUMBERS: Final = 10_000
"""Numbers that can have codes at once; the memory of the store is bounded by it."""

_HOUR_MS: Final = 3_600_000
_DIGITS: Final = 6

CODES: Final = Counter(
    "consentlog_codes_total",
    "One-time codes, by what became of them: sent, too_many, full, right, wrong.",
    ["outcome"],
)


class CodeSender(Protocol):
    """Sends a text message with a code; the deployment's way to reach a phone."""

    async def send(self, subject: str, text: str) -> None:
        """Send one message, once.

        Args:
            subject: E.164.
            text: The message, code and all.

        Raises:
            TransientError: If it was not taken for sending.
        """
        ...


@dataclass(slots=True)
class _Entry:
    """What one number asked for: when, and the newest code's digest; the code itself is not kept.

    `used_by` is the nonce of the act that the code was good for: pressing twice is one act.
    """

    sent_at_ms: list[int] = field(default_factory=list)
    digest: bytes = b""
    tries_left: int = 0
    used_by: str | None = None


class Codes:
    """Makes codes and recognises them.

    Args:
        clock: When codes end.
        max_numbers: Bound of the store.
    """

    def __init__(self, clock: Clock, max_numbers: int = MAX_NUMBERS) -> None:
        self._clock = clock
        self._max_numbers = max_numbers
        self._key = os.urandom(32)
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def issue(self, subject: str, what: str) -> str:
        """Make a code; an earlier one of the same number ends.

        Args:
            subject: E.164.
            what: What the code is good for, and nothing else.

        Returns:
            Six digits.

        Raises:
            RequestRefused: `CL-1601` if the number had its codes of this hour.
            TransientError: `CL-1602` if too many numbers have codes.
        """
        now_ms = self._clock.now_ms()
        self._forget(now_ms)
        entry = self._entries.get(subject)
        if entry is None and len(self._entries) >= self._max_numbers:
            CODES.labels("full").inc()
            raise TransientError("CL-1602")
        entry = entry or _Entry()
        entry.sent_at_ms = [at for at in entry.sent_at_ms if at > now_ms - _HOUR_MS]
        if len(entry.sent_at_ms) >= CODES_PER_HOUR:
            CODES.labels("too_many").inc()
            raise RequestRefused("CL-1601")
        code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
        entry.sent_at_ms.append(now_ms)
        entry.digest = self._digest(subject, what, code)
        entry.tries_left, entry.used_by = TRIES, None
        self._entries[subject] = entry
        self._entries.move_to_end(subject)
        CODES.labels("sent").inc()
        return code

    def is_right(self, subject: str, what: str, code: str, nonce: str) -> bool:
        """Tell whether a code is the one that was sent; a wrong one costs a try.

        No code, an old one, a used one and a wrong one are the same answer after the same work.

        Args:
            subject: E.164.
            what: As it was issued for.
            code: As it was typed; spaces and full-width digits are the same digits.
            nonce: Of the act; a code that was used by it is right again for it alone.
        """
        typed = "".join(unicodedata.normalize("NFKC", code[:64]).split())
        given = self._digest(subject, what, typed)
        entry = self._entries.get(subject) or _Entry(sent_at_ms=[0])
        is_same = hmac.compare_digest(given, entry.digest or bytes(32))
        holds = self._clock.now_ms() < entry.sent_at_ms[-1] + HOLDS_MS and entry.tries_left > 0
        is_right = is_same and holds and entry.used_by in (None, nonce)
        if not is_right:
            entry.tries_left -= 1
        CODES.labels("right" if is_right else "wrong").inc()
        return is_right

    def use(self, subject: str, nonce: str) -> None:
        """Note that the act is recorded: from now on the code is good for nothing else."""
        entry = self._entries.get(subject)
        if entry is not None:
            entry.used_by = nonce

    def _digest(self, subject: str, what: str, code: str) -> bytes:
        return hmac.digest(self._key, f"{subject}\0{what}\0{code}".encode(), hashlib.sha256)

    def _forget(self, now_ms: int) -> None:
        """Drop the numbers whose last code is an hour old; they stand first."""
        while self._entries:
            subject, entry = next(iter(self._entries.items()))
            if entry.sent_at_ms[-1] > now_ms - _HOUR_MS:
                return
            del self._entries[subject]
