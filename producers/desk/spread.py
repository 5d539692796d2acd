"""How far an act has spread: whether the gate denies because of it.

An act is recorded whether or not the gate is there; what is asked here only tells the clerk.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from consentlog.domain.decision import ReasonCode, Verdict
from consentlog.domain.events import ConsentEvent
from consentlog.domain.vocabulary import Action, Channel
from consentlog.observability.logging import get_logger
from consentlog.ports import Position
from producers.gate_client import NO_ANSWER, GateClient

_WHY: Final = {Action.REFUSED: ReasonCode.REFUSED, Action.HELD: ReasonCode.HELD}

log = get_logger(__name__)


class Spread(Protocol):
    """Tells whether an act is obeyed."""

    async def is_denied(self, event: ConsentEvent, written: Position, patience_s: float) -> bool:
        """Tell whether the contact that a refusal or hold is about is denied because of such.

        Args:
            event: The act.
            written: Where it stands; the answer includes it.
            patience_s: How long to wait for a yes, seconds.

        Returns:
            False also where nobody can say in time. Never raises for want of an answer.
        """
        ...

    async def close(self) -> None:
        """Close what is open towards whoever answers."""
        ...


class NobodySays:
    """A deployment whose gateway was not told where the gate is."""

    async def is_denied(self, event: ConsentEvent, written: Position, patience_s: float) -> bool:
        """Say that nobody was seen denying."""
        return False

    async def close(self) -> None:
        """There is nothing to close."""


class GateSpread:
    """Asks one gate.

    Args:
        gate: With a key for every entity that clerks record for.
    """

    def __init__(self, gate: GateClient) -> None:
        self._gate = gate

    async def close(self) -> None:
        """Close the connections."""
        await self._gate.close()

    async def is_denied(self, event: ConsentEvent, written: Position, patience_s: float) -> bool:
        """Ask about the contact; see `Spread`."""
        question = _question(event) | {
            "min_token": str(written),
            "wait_ms": max(0, int(patience_s * 1000)),
        }
        try:
            async with asyncio.timeout(patience_s):
                answer = await self._gate.decide(question)
        except NO_ANSWER as exc:
            # The screen says so too; recording does not hang on it.
            log.warning("gate_did_not_answer", reason=type(exc).__name__)
            return False
        why = _WHY.get(event.fact.action)
        return answer is not None and answer.verdict == Verdict.DENY and why in answer.codes


def _question(event: ConsentEvent) -> dict[str, str | int]:
    """Return the contact that the act is about; a call where it names no channel."""
    fact = event.fact
    channel = Channel.SMS if fact.channel is Channel.SMS else Channel.VOICE
    named = {"entity": fact.entity, "brand": fact.brand, "campaign": fact.campaign}
    return {
        "number": event.subject,
        "channel": channel.value,
        **{name: value for name, value in named.items() if value is not None},
    }
