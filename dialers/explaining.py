"""Says why a contact was answered as it was, to a key that sees its own entities only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from consentlog.domain.explain import account
from consentlog.domain.place import NOWHERE
from consentlog.domain.policy import Policy
from consentlog.domain.registry import Registry
from consentlog.domain.state import EMPTY
from consentlog.errors import Language
from consentlog.explain.part import Sight, explanation, fact_fields, reason_fields, zone_of
from consentlog.explain.why import why_denied
from consentlog.http.auth import Principal
from dialers.gate import Answer


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains answers of a gate over the same registry and policy."""

    registry: Registry
    policy: Policy

    def why(self, answer: Answer, principal: Principal, lang: Language) -> str:
        """Say in one line why an answer is *deny*."""
        sight, ground = self._sight(principal), answer.ground
        reasons = answer.decision.reasons
        behind = {reason.event_id for reason in reasons if reason.event_id is not None}
        state = None if ground is None else ground.state
        facts = [
            fact_fields(fact, whole=sight.is_whole(fact))
            for fact in (EMPTY if state is None else state).facts.values()
            if fact.event_id in behind
        ]
        zone = zone_of(NOWHERE if ground is None else ground.home)
        return why_denied([reason_fields(reason) for reason in reasons], facts, zone, lang)

    def part(self, answer: Answer, principal: Principal) -> dict[str, Any] | None:
        """Return the part `explanation`; None where the rules were not asked."""
        ground = answer.ground
        if ground is None:
            return None
        state, contact, at_ms, home = ground.state, ground.contact, ground.at_ms, ground.home
        entries = account(state, contact, at_ms, self.policy, home).entries
        sight = self._sight(principal)
        return explanation(entries, answer.decision, contact, at_ms, self.policy, home, sight)

    def _sight(self, principal: Principal) -> Sight:
        sources = {name: source.entities for name, source in self.registry.sources.items()}
        return Sight(principal.source.entities, sources)
