"""From a stated act to the event that is recorded; pure but for the clock and fresh nonces."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from consentlog.domain.events import ConsentEvent, defect_of
from consentlog.domain.ids import event_id
from consentlog.domain.registry import Registry
from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action
from consentlog.http.auth import Principal
from consentlog.http.problems import RequestRefused
from consentlog.numbers.normalise import Quarantined, normalise
from consentlog.observability.masking import mask_text
from consentlog.ports import Clock
from consentlog.wire.evidence import encode_evidence
from consentlog.wire.reviews import ReviewEvent, ReviewReason
from producers.draft import Draft, Reception
from producers.outcome import Outcome
from producers.request import EventIn
from producers.reviews import open_review
from producers.rules import check_rules
from producers.scoping import scope_of, unknown_in, widened
from producers.stated import read_times

_BLOCKS: Final = frozenset({"refused", "held"})


class Acceptor:
    """Turns stated acts into events.

    Args:
        registry: Who may speak for whom, and which names are known.
        id_key: The deployment's key for ids.
        clock: `accepted_at`.
    """

    def __init__(self, registry: Registry, id_key: bytes, clock: Clock) -> None:
        self._registry = registry
        self._id_key = id_key
        self._clock = clock

    def accept(self, item: EventIn, principal: Principal, reception: Reception) -> Outcome:
        """Decide what becomes of one act.

        Args:
            item: The act as stated.
            principal: Who states it.
            reception: How it came in.

        Returns:
            The event to record; or a refusal to record it, with a review wherever the sender could
            not repair it alone. A refusal whose scope names something unknown becomes a hold on
            every entity, with a review.
        """
        source = principal.source
        try:
            check_rules(item, principal)
            times = read_times(item, source.zone)
        except RequestRefused as refusal:
            return Outcome(refusal=refusal)
        draft = Draft(item, principal, reception, times, self._clock.now_ms())
        number = normalise(item.number, item.region or source.region)
        if isinstance(number, Quarantined):
            review = self.review(draft, ReviewReason.NUMBER_NOT_VALID, number.reason.value)
            refused = RequestRefused("CL-1203", reason=number.reason.value)
            return Outcome(review=review, refusal=refused)
        return self._of_subject(draft, number.subject)

    def _of_subject(self, draft: Draft, subject: str) -> Outcome:
        item, source = draft.item, draft.principal.source
        scope = scope_of(item, self._registry)
        if scope.entity in self._registry.entities and scope.entity not in source.entities:
            detail = f"the source may not speak for {scope.entity}"
            review = self.review(draft, ReviewReason.NOT_AUTHENTICATED, detail, subject)
            refused = RequestRefused("CL-1104", entity=scope.entity)
            return Outcome(review=review if item.action in _BLOCKS else None, refusal=refused)
        unknown = unknown_in(scope, self._registry, draft.now_ms)
        if unknown is not None and item.action != "hold_released":
            return self._of_unknown_scope(draft, subject, scope, unknown)
        if item.action == "granted" and draft.is_ahead:
            detail = "the time of a grant lies ahead of the gateway's clock"
            review = self.review(draft, ReviewReason.UNKNOWN, detail, subject)
            return Outcome(review=review, refusal=RequestRefused("CL-1207"))
        return self._event(draft, subject, scope)

    def _of_unknown_scope(self, draft: Draft, subject: str, scope: Scope, unknown: str) -> Outcome:
        unknown = mask_text(unknown)  # callers put numbers into any field
        review = self.review(draft, ReviewReason.UNKNOWN_SCOPE, f"unknown: {unknown}", subject)
        if draft.item.action not in _BLOCKS:
            return Outcome(review=review, refusal=RequestRefused("CL-1204", unknown=unknown))
        held = draft.item.model_copy(
            update={"action": "held", "hold_kind": "unclear", "basis": None}
        )
        wide = widened(scope, draft.item)
        found = self._event(
            replace(draft, item=held, times=replace(draft.times, until_ms=None)), subject, wide
        )
        return replace(found, review=review)

    def _event(self, draft: Draft, subject: str, scope: Scope) -> Outcome:
        fact = draft.fact(self._id_of(draft, subject, scope), scope)
        defect = defect_of(subject, fact)
        if defect is not None:
            return Outcome(refusal=RequestRefused("CL-1208", reason=defect))
        recorded_at_ms, evidence = draft.times.recorded_at_ms, encode_evidence(draft.evidence)
        event = ConsentEvent(subject, fact, recorded_at_ms=recorded_at_ms, evidence=evidence)
        return Outcome(event)

    def _id_of(self, draft: Draft, subject: str, scope: Scope) -> bytes:
        item = draft.item
        return event_id(
            self._id_key,
            draft.principal.source.id,
            item.source_ref or "",
            subject,
            Action(item.action),
            scope,
            draft.nonce(),
        )

    def review(
        self, draft: Draft, reason: ReviewReason, detail: str, subject: str | None = None
    ) -> ReviewEvent:
        """Open a case about a draft."""
        return open_review(
            self._id_key,
            reason,
            source=draft.principal.source.id,
            opened_at_ms=draft.now_ms,
            payload=draft.reception.payload,
            detail=detail,
            subject=subject,
        )
