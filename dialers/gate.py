"""The gate: may this number be contacted, by whom, for what, now (rules of refusal 4).

No I/O: the view is in memory, the reference data was read at the start. Whatever the gate is not
sure of, it denies, with that as the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from consentlog.domain.decision import Decision, Reason, ReasonCode, Verdict, decide, deny
from consentlog.domain.place import Place as Home
from consentlog.domain.policy import Policy
from consentlog.domain.registry import Registry
from consentlog.domain.scope import Contact
from consentlog.domain.state import SubjectState
from consentlog.domain.vocabulary import Channel
from consentlog.numbers.normalise import Normalised, Quarantined
from consentlog.ports import Clock
from consentlog.protocol.reader import Freshness, freshness
from dialers.view import View

Normaliser: TypeAlias = Callable[[str, str | None], Normalised | Quarantined]
PlaceOf: TypeAlias = Callable[[str], Home]
"""Says where a subject lives, as far as its numbering plan says."""

NOT_BOOTSTRAPPED: Final = "not-bootstrapped"


@dataclass(frozen=True, slots=True)
class Question:
    """What a dialer wants to do; names are the registry's, `region` (ISO 3166) is the number's."""

    number: str
    region: str | None
    entity: str
    brand: str | None
    campaign: str | None
    channel: Channel


@dataclass(frozen=True, slots=True)
class Place:
    """Where the view stood when it answered.

    Offsets are of the events topic's `partition`; `staleness_ms` is the own clock minus the instant
    at which the partition was last level with the log, None if it never was.
    """

    partition: int
    as_of: int
    folded_through: int
    log_epoch: int
    staleness_ms: int | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What a decision was taken on: enough to take it again, and to say why."""

    state: SubjectState | None
    contact: Contact
    at_ms: int
    home: Home


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision and the place that it was taken at; no place without a valid number.

    No ground where the rules were not asked: the number, the names or the view were in doubt.
    """

    decision: Decision
    place: Place | None = None
    ground: Ground | None = None

    @property
    def is_final(self) -> bool:
        """False if the view could not answer: deny now, and ask again."""
        codes = {reason.code for reason in self.decision.reasons}
        return ReasonCode.STALE not in codes or bool(codes & _PERMANENT)


_PERMANENT: Final = frozenset(
    {
        ReasonCode.NUMBER_NOT_VALID,
        ReasonCode.UNKNOWN_ENTITY,
        ReasonCode.UNKNOWN_BRAND,
        ReasonCode.UNKNOWN_CAMPAIGN,
    }
)
"""Reasons that no newer view can change."""


_NO_GRANT: Final = frozenset({ReasonCode.NO_BASIS, ReasonCode.GRANT_TOO_OLD})


class Gate:
    """Answers questions from a view.

    Args:
        view: State of every number.
        is_bootstrapped: Whether the view was read to the end once.
        registry: Who is who.
        policy: Policy rows.
        normalise: Turns what a dialer sends into a subject.
        place_of: Says where a subject lives; policy rows hold by region and local time.
        clock: The own clock; wall time, because freshness compares it with the broker's.
    """

    def __init__(  # noqa: PLR0913  # the composition root names each
        self,
        *,
        view: View,
        is_bootstrapped: Callable[[], bool],
        registry: Registry,
        policy: Policy,
        normalise: Normaliser,
        clock: Clock,
        place_of: PlaceOf,
    ) -> None:
        self._view = view
        self._is_bootstrapped = is_bootstrapped
        self._registry = registry
        self.policy: Final = policy
        self._normalise = normalise
        self._clock = clock
        self._place_of = place_of

    def answer(self, question: Question) -> Answer:
        """Decide whether the contact may be made now.

        Returns:
            Allowed, or denied with every reason that is known.
        """
        now_ms = self._clock.now_ms()
        number = self._normalise(question.number, question.region)
        resolution = self._registry.resolve(
            question.entity, question.brand, question.campaign, question.channel, now_ms
        )
        if isinstance(number, Quarantined):
            reason = Reason(ReasonCode.NUMBER_NOT_VALID, detail=number.reason)
            return Answer(deny(reason, *resolution.reasons))
        # Before the lookup: a state read later can only be newer than what vouches for it.
        place = self._place(number.subject, now_ms)
        doubts = self._doubts(place.partition, now_ms)
        if resolution.contact is None:
            return Answer(deny(*resolution.reasons, *doubts), place)
        known = self._view.find(number.subject)
        if known.trouble is not None:
            decision = deny(Reason(ReasonCode.HELD, detail=known.trouble))
            return Answer(_denied_for(doubts, decision) if doubts else decision, place)
        ground = Ground(known.state, resolution.contact, now_ms, self._place_of(number.subject))
        decision = decide(ground.state, ground.contact, ground.at_ms, self.policy, ground.home)
        return Answer(_denied_for(doubts, decision) if doubts else decision, place, ground)

    def is_ready(self) -> bool:
        """Tell whether every partition is bootstrapped and fresh."""
        now_ms = self._clock.now_ms()
        return not any(self._doubts(p, now_ms) for p in range(len(self._view.readers)))

    def _doubts(self, partition: int, now_ms: int) -> tuple[Reason, ...]:
        if not self._is_bootstrapped():
            return (Reason(ReasonCode.STALE, detail=NOT_BOOTSTRAPPED),)
        found = freshness(self._view.readers[partition].level_at_ms, now_ms)
        return () if found is Freshness.FRESH else (Reason(ReasonCode.STALE, detail=found),)

    def _place(self, subject: str, now_ms: int) -> Place:
        partition = self._view.partition_of(subject)
        reader = self._view.readers[partition]
        level_at_ms = reader.level_at_ms
        log_epoch, as_of = reader.position
        staleness_ms = now_ms - level_at_ms if level_at_ms else None
        return Place(partition, as_of, reader.folded_through, max(log_epoch, 0), staleness_ms)


def _denied_for(doubts: tuple[Reason, ...], decision: Decision) -> Decision:
    """Deny for doubts and for what is known besides.

    A stale *allow* is not known, and neither is that no newer grant exists.
    """
    known = tuple(r for r in decision.reasons if r.code not in _NO_GRANT)
    return decision._replace(
        verdict=Verdict.DENY, reasons=(*doubts, *known), granted_by=None, policy_rows=()
    )
