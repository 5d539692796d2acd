"""How things stand, asked of a gate: the same question that a dialer asks, for every line.

The page waits a little for the answers, and then says that it is not known.
"""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import Final

from consentlog.domain.decision import ReasonCode, Verdict
from consentlog.domain.registry import Registry
from consentlog.domain.vocabulary import Purpose
from consentlog.observability.logging import get_logger
from consentlog.ports import Clock, Position
from producers.gate_client import NO_ANSWER, PATIENCE_S, GateAnswer, GateClient
from producers.preference.choices import PARTS, Part
from producers.preference.standing import Standing, Standings, overall

MAX_CONTACTS: Final = 16
"""Brands and campaigns asked about for one line; an entity with more is not known in detail."""

_WAIT_MS: Final = 1000

log = get_logger(__name__)

_BLOCKS: Final = {ReasonCode.HELD, ReasonCode.OVERFLOW}
_NO_BASIS: Final = {ReasonCode.NO_BASIS, ReasonCode.GRANT_TOO_OLD}
_SAID: Final = _BLOCKS | _NO_BASIS | {ReasonCode.REFUSED, ReasonCode.OUTSIDE_CALLING_HOURS}


class GateState:
    """Asks one gate.

    Args:
        gate: With a key for every entity that has links.
        registry: Which brands and campaigns a line of the page can mean.
        clock: Which of them hold now.
    """

    def __init__(self, gate: GateClient, registry: Registry, clock: Clock) -> None:
        self._gate = gate
        self._registry = registry
        self._clock = clock

    async def close(self) -> None:
        """Close the connections."""
        await self._gate.close()

    async def standings(self, subject: str, entity: str, after: Position | None) -> Standings:
        """Tell how every line stands; see `CurrentState`."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await asyncio.gather(
                    *(self._standing(subject, entity, part, after) for part in PARTS)
                )
        except NO_ANSWER as exc:
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
        return _meaning(await self._gate.decide(body))


def _meaning(answer: GateAnswer | None) -> Standing:
    if answer is None:
        return Standing.UNKNOWN
    if answer.verdict == Verdict.ALLOW:
        return Standing.OPEN
    if answer.verdict != Verdict.DENY or not answer.codes or not answer.codes <= _SAID:
        return Standing.UNKNOWN
    if ReasonCode.REFUSED in answer.codes:
        return Standing.REFUSED
    if answer.codes & _BLOCKS:
        return Standing.HELD
    # Closed for the hour only: by day the call may come.
    return Standing.NO_CONSENT if answer.codes & _NO_BASIS else Standing.OPEN
