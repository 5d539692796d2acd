"""A clerk's session: a sealed cookie that says whose key was shown, and until when it holds.

Of a session that holds nothing is kept here. Every request looks the key up again, so a key that is
ended ends its sessions, and so does another secret under the same id. Only those that their clerks
ended are remembered.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from consentlog.domain.registry import Registry
from consentlog.http.auth import Authenticator, Principal
from consentlog.http.problems import RequestRefused
from consentlog.ports import Clock
from producers.desk.clerk import DESK, Clerk
from producers.desk.ended import EndedSessions
from producers.seal import Sealer

COOKIE: Final = "consentlog_desk"
PATH: Final = "/desk"
LASTS_S: Final = 8 * 3600
"""A shift."""

_USE: Final = "consentlog-desk-2"
_HERE: Final = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d*)?", re.ASCII)


class _Session(NamedTuple):
    """What a cookie says: which session it is, of which key, and when it is over, ms UTC."""

    id: str
    key_id: str
    sha256: str
    until_ms: int


class Sessions:
    """Opens sessions and recognises them.

    Args:
        registry: Which keys there are.
        keys: Recognises a key that is shown.
        clock: Until when keys and sessions hold.
        active: Id of the key that seals.
        sealing: Keys by id: those of links, for another use; one that is taken out ends its
            sessions.
        ended: Those that their clerks ended; by default kept in memory.
        only_https: Whether a browser may keep a session only if it is here over https, or on this
            machine.
    """

    def __init__(  # noqa: PLR0913  # two of them keyword-only
        self,
        registry: Registry,
        keys: Authenticator,
        clock: Clock,
        active: str,
        sealing: Mapping[str, bytes],
        *,
        ended: EndedSessions | None = None,
        only_https: bool = True,
    ) -> None:
        self._registry = registry
        self._keys = keys
        self._clock = clock
        self._sealer = Sealer(_USE, active, sealing)
        self._ended = ended or EndedSessions(clock)
        self._only_https = only_https

    def clerk_with(self, secret: str) -> Clerk | None:
        """Recognise a clerk by their key; None for a wrong one and for one that opens no desk."""
        try:
            principal = self._keys.of_secret(secret.strip())
        except RequestRefused:
            return None
        return Clerk(principal) if DESK in principal.scopes else None

    def clerk_of(self, request: Request) -> Clerk | None:
        """Recognise the clerk of a request; None without a session that holds."""
        session = self._session_of(request)
        if session is None or self._ended.has(session.id):
            return None
        now_ms, key = self._clock.now_ms(), self._registry.keys.get(session.key_id)
        if key is None or now_ms >= session.until_ms or not key.period.holds(now_ms):
            return None
        if DESK not in key.scopes or not hmac.compare_digest(key.sha256, session.sha256):
            return None
        return Clerk(Principal(key.id, self._registry.sources[key.source], key.scopes))

    def token_of(self, clerk: Clerk) -> str:
        """Seal a session that begins now."""
        key = self._registry.keys[clerk.id]
        until_ms = self._clock.now_ms() + LASTS_S * 1000
        session = _Session(secrets.token_hex(16), key.id, key.sha256, until_ms)
        return self._sealer.seal(json.dumps(session).encode())

    def is_plain(self, request: Request) -> bool:
        """Tell whether a browser says that it is here over http, so that it would keep no session.

        Without an origin it says nothing, and keeps it or not.
        """
        is_https, is_here = _way_of(request)
        return self._only_https and "origin" in request.headers and not (is_https or is_here)

    def open(self, clerk: Clerk, request: Request, response: Response) -> None:
        """Give the browser a session; its cookie leaves over https only, or to this machine."""
        is_https, is_here = _way_of(request)
        response.set_cookie(
            COOKIE,
            self.token_of(clerk),
            max_age=LASTS_S,
            path=PATH,
            secure=is_https or (self._only_https and not is_here),
            httponly=True,
            samesite="strict",
        )

    async def close(self, request: Request, response: Response) -> None:
        """Take the session from the browser and end it, wherever else its cookie may be."""
        session = self._session_of(request)
        if session is not None and self._clock.now_ms() < session.until_ms:
            await self._ended.end(session.id, session.until_ms)
        response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")

    def _session_of(self, request: Request) -> _Session | None:
        plain = self._sealer.open(request.cookies.get(COOKIE, ""))
        return None if plain is None else _Session(*json.loads(plain))


def _way_of(request: Request) -> tuple[bool, bool]:
    """Tell whether a browser is here over https, and whether it is on this machine.

    What it says of its page counts before what arrives here: a proxy may end https, and rename us.
    """
    page, is_told, host = request.headers.get("origin", "").partition("://")
    arrived = str(request.scope["scheme"])
    if not is_told:
        page, host = arrived, request.headers.get("host", "")
    return "https" in (page, arrived), bool(_HERE.fullmatch(host))


def comes_from_here(request: Request) -> bool:
    """Tell whether a form was sent from a page of this place; a program without a browser may too.

    The cookie is `SameSite=Strict` besides. `Sec-Fetch-Site` is what a browser says over https and
    to this machine; where it says nothing, the origin has to be ours.

    Source: Fetch Metadata Request Headers 2.3; RFC 6454 7.3.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")
