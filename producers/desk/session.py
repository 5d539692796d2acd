"""A clerk's session: a sealed cookie that says whose key was shown, and until when it holds.

Nothing is kept here. Every request looks the key up again, so a key that is ended ends its
sessions, and so does another secret under the same id.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from consentlog.domain.registry import Registry
from consentlog.http.auth import Authenticator, Principal
from consentlog.http.problems import RequestRefused
from consentlog.ports import Clock
from producers.desk.clerk import DESK, Clerk
from producers.seal import Sealer

COOKIE: Final = "consentlog_desk"
PATH: Final = "/desk"
LASTS_S: Final = 8 * 3600
"""A shift."""

_USE: Final = "consentlog-desk-1"


class Sessions:
    """Opens sessions and recognises them.

    Args:
        registry: Which keys there are.
        keys: Recognises a key that is shown.
        clock: Until when keys and sessions hold.
        active: Id of the key that seals.
        sealing: Keys by id: those of links, for another use; one that is taken out ends its
            sessions.
    """

    def __init__(
        self,
        registry: Registry,
        keys: Authenticator,
        clock: Clock,
        active: str,
        sealing: Mapping[str, bytes],
    ) -> None:
        self._registry = registry
        self._keys = keys
        self._clock = clock
        self._sealer = Sealer(_USE, active, sealing)

    def clerk_with(self, secret: str) -> Clerk | None:
        """Recognise a clerk by their key; None for a wrong one and for one that opens no desk."""
        try:
            principal = self._keys.of_secret(secret.strip())
        except RequestRefused:
            return None
        return Clerk(principal) if DESK in principal.scopes else None

    def clerk_of(self, request: Request) -> Clerk | None:
        """Recognise the clerk of a request; None without a session that holds."""
        plain = self._sealer.open(request.cookies.get(COOKIE, ""))
        if plain is None:
            return None
        key_id, sha256, until_ms = json.loads(plain)
        now_ms, key = self._clock.now_ms(), self._registry.keys.get(key_id)
        if key is None or now_ms >= until_ms or not key.period.holds(now_ms):
            return None
        if DESK not in key.scopes or not hmac.compare_digest(key.sha256, sha256):
            return None
        return Clerk(Principal(key.id, self._registry.sources[key.source], key.scopes))

    def token_of(self, clerk: Clerk) -> str:
        """Seal a session that begins now."""
        key = self._registry.keys[clerk.id]
        until_ms = self._clock.now_ms() + LASTS_S * 1000
        return self._sealer.seal(json.dumps([key.id, key.sha256, until_ms]).encode())

    def open(self, clerk: Clerk, request: Request, response: Response) -> None:
        """Give the browser a session; over https the cookie never leaves without it."""
        response.set_cookie(
            COOKIE,
            self.token_of(clerk),
            max_age=LASTS_S,
            path=PATH,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )

    def close(self, response: Response) -> None:
        """Take the session from the browser."""
        response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")


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
