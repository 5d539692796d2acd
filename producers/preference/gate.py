"""How things stand, asked of a gate over HTTP: the same question that a dialer asks.

`POST /v1/decisions`, not `GET /v1/check/…`: a number in a path ends in the access log of whatever
stands in between. The page waits a little for the answer, and then says that it is not known.
"""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import Any, Final

import httpx2

from consentlog.domain.decision import ReasonCode, Verdict
from consentlog.domain.registry import Registry
from consentlog.domain.vocabulary import Purpose
from consentlog.observability.logging import get_logger
from consentlog.ports import Clock, Position
from producers.preference.choices import PARTS, Part
from producers.preference.standing import Standing, Standings, overall

PATIENCE_S: Final = 1.5
"""What a person waits for the page at most, all questions together."""

MAX_CONTACTS: Final = 16
"""Brands and campaigns asked about for one line; an entity with more is not known in detail."""

_CONNECTIONS: Final = 8
_WAIT_MS: Final = 1000

log = get_logger(__name__)

_BLOCKS: Final = {ReasonCode.HELD, ReasonCode.OVERFLOW}
_NO_BASIS: Final = {ReasonCode.NO_BASIS, ReasonCode.GRANT_TOO_OLD}
_SAID: Final = _BLOCKS | _NO_BASIS | {ReasonCode.REFUSED, ReasonCode.OUTSIDE_CALLING_HOURS}


class GateState:
    """Asks one gate.

    Args:
        url: `http://host:port` of the gate.
        key: API key with `check:read` for every entity that has links.
        registry: Which brands and campaigns a line of the page can mean.
        clock: Which of them hold now.
        transport: Where requests go instead of the network, for tests.
    """

    def __init__(
        self,
        url: str,
        key: str,
        registry: Registry,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._registry = registry
        self._clock = clock
        # Environment proxies are not followed: the question holds a phone number.
        self._client = httpx2.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=PATIENCE_S,
            limits=httpx2.Limits(max_connections=_CONNECTIONS),
            transport=transport,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def standings(self, subject: str, entity: str, after: Position | None) -> Standings:
        """Tell how every line stands; see `CurrentState`."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await asyncio.gather(
                    *(self._standing(subject, entity, part, after) for part in PARTS)
                )
        except (TimeoutError, httpx2.HTTPError, ValueError) as exc:
            # The page says so too; refusing does not hang on it.
            log.warning("gate_did_not_answer", reason=type(exc).__name__)
            return dict.fromkeys(PARTS, Standing.UNKNOWN)
        return {part: one for part, one in zip(PARTS, found, strict=True) if one is not None}

    async def _standing(
        self, subject: str, entity: str, part: Part, after: Position | None
    ) -> Standing | None:
        """Ask about the vaguest contact first: what is open to it is open to every narrower one."""
        narrower = self._contacts(entity, part.purpose)
        vague: tuple[Standing, ...] = ()
        if part.purpose is Purpose.MARKETING:
            vague = (await self._ask(subject, entity, part, {}, after),)
            if vague[0] in (Standing.OPEN, Standing.UNKNOWN):
                return vague[0]
        if len(narrower) > MAX_CONTACTS:
            return Standing.UNKNOWN
        asked = (self._ask(subject, entity, part, names, after) for names in narrower)
        found = [*vague, *await asyncio.gather(*asked)]
        return overall(found) if found else None

    def _contacts(self, entity: str, purpose: Purpose) -> list[dict[str, str]]:
        now_ms = self._clock.now_ms()
        campaigns = (
            {"campaign": one.id} | ({"brand": one.brand} if one.brand else {})
            for one in self._registry.campaigns.values()
            if (one.entity, one.purpose) == (entity, purpose) and one.period.holds(now_ms)
        )
        if purpose is not Purpose.MARKETING:
            return list(campaigns)
        brands = (
            {"brand": one.id}
            for one in self._registry.brands.values()
            if one.entity == entity and one.period.holds(now_ms)
        )
        return list(chain(brands, campaigns))

    async def _ask(
        self, subject: str, entity: str, part: Part, names: dict[str, str], after: Position | None
    ) -> Standing:
        body: dict[str, str | int] = {"number": subject, "entity": entity, **names}
        body["channel"] = part.channel.value
        if after is not None:
            body |= {"min_token": str(after), "wait_ms": _WAIT_MS}
        answer = await self._client.post("/v1/decisions", json=body)
        return _meaning(answer.json()) if answer.status_code == 200 else Standing.UNKNOWN


def _meaning(body: Any) -> Standing:
    if not isinstance(body, dict):
        return Standing.UNKNOWN
    if body.get("verdict") == Verdict.ALLOW:
        return Standing.OPEN
    codes = _codes(body.get("reasons"))
    if body.get("verdict") != Verdict.DENY or not codes or not codes <= _SAID:
        return Standing.UNKNOWN
    if ReasonCode.REFUSED in codes:
        return Standing.REFUSED
    if codes & _BLOCKS:
        return Standing.HELD
    # Closed for the hour only: by day the call may come.
    return Standing.NO_CONSENT if codes & _NO_BASIS else Standing.OPEN


def _codes(reasons: Any) -> set[str]:
    found = reasons if isinstance(reasons, list) else []
    return {str(one.get("code")) for one in found if isinstance(one, dict)}
