"""API keys: who a caller is, which source it speaks as, and what it may do."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from starlette.requests import Request

from consentlog.domain.registry import Registry, Source
from consentlog.http.problems import RequestRefused
from consentlog.observability.masking import mask_text
from consentlog.ports import Clock

_ROLE = "role:"


@dataclass(frozen=True, slots=True)
class Principal:
    """A key that was recognised: its source, and what it may do."""

    key_id: str
    source: Source
    scopes: frozenset[str]

    @property
    def roles(self) -> frozenset[str]:
        """Roles that the key carries, for example `compliance`."""
        return frozenset(s.removeprefix(_ROLE) for s in self.scopes if s.startswith(_ROLE))

    def require(self, scope: str) -> None:
        """Check that the key may do something.

        Raises:
            RequestRefused: `CL-1103` if the key lacks `scope`.
        """
        if scope not in self.scopes:
            # A role is the caller's own word, in which a number may stand.
            raise RequestRefused("CL-1103", scope=mask_text(scope))


class Authenticator:
    """Recognises API keys by their SHA-256; the registry holds nothing else of them.

    Args:
        registry: Keys and sources.
        clock: Decides whether a key's dates hold.
    """

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def of(self, request: Request) -> Principal:
        """Recognise the caller of a request.

        Raises:
            RequestRefused: `CL-1101` without a key, `CL-1102` with one that is not known or does
                not hold now.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        secret = token.strip() if scheme.lower() == "bearer" else ""
        secret = secret or request.headers.get("x-api-key", "").strip()
        if not secret:
            raise RequestRefused("CL-1101")
        return self.of_secret(secret)

    def of_secret(self, secret: str) -> Principal:
        """Recognise a key wherever it came from, a webhook's path for example.

        Every key is compared, in constant time, so that the time taken tells nothing.

        Raises:
            RequestRefused: `CL-1102`.
        """
        given = hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
        now_ms = self._clock.now_ms()
        found = None
        for key in self._registry.keys.values():
            if hmac.compare_digest(key.sha256, given) and key.period.holds(now_ms):
                found = key
        if found is None:
            raise RequestRefused("CL-1102")
        return Principal(found.id, self._registry.sources[found.source], found.scopes)
