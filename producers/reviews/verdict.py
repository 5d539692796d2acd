"""What may be decided of a case, and which acts follow from a decision.

Each act is stated as any other: who may state it, and what it then does, is decided where all acts
are. Their names come from the case and the decision, so that a decision sent again is the same
acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from consentlog.domain.registry import Source
from consentlog.domain.scope import ANY_ENTITY
from consentlog.http.problems import RequestRefused
from consentlog.numbers.normalise import Normalised, normalise
from consentlog.wire.instants import write_utc
from consentlog.wire.reviews import ReviewEvent, ReviewReason
from producers.request import ActorIn, EventIn, EvidenceIn, ScopeIn
from producers.reviews.shapes import DecisionIn, Verdict

MAX_VERBATIM: Final = 8192


_WAITING: Final = frozenset({ReviewReason.NEEDS_APPROVAL, ReviewReason.TAKEOVER})
_OF_WAITING: Final = (Verdict.APPROVED, Verdict.DECLINED)
_OF_OTHERS: Final = (Verdict.REFUSED, Verdict.NO_REFUSAL, Verdict.DISMISSED)
_NOT_READ: Final = frozenset(
    {
        ReviewReason.UNKNOWN,
        ReviewReason.UNKNOWN_SCOPE,
        ReviewReason.UNDECODABLE,
        ReviewReason.UNSUPPORTED_ACTION,
        ReviewReason.MISPLACED,
    }
)
"""Cases whose hold is over a scope that the case does not tell."""
_METHODS: Final[Mapping[str, Literal["keyword", "spoken", "app", "web"]]] = {
    "sms": "keyword",
    "phone": "spoken",
    "app": "app",
    "link": "web",
}
"""How the person expressed a refusal, by the kind of source; of others it is a complaint."""


def fitting(case: ReviewEvent) -> tuple[Verdict, ...]:
    """Return the decisions that a case can have."""
    return _OF_WAITING if case.reason in _WAITING else _OF_OTHERS


def check_fit(case: ReviewEvent, asked: DecisionIn) -> None:
    """Check that a decision can be one of this case, and has what it needs and nothing else.

    Raises:
        RequestRefused: `CL-1804` for a decision of another kind of case; `CL-1001` pointing at what
            is missing, or belongs to other decisions.
    """
    may = fitting(case)
    if asked.verdict not in may:
        raise RequestRefused(
            "CL-1804", reason=case.reason, decision=asked.decision, instead=", ".join(may)
        )
    errors = [{"pointer": f"/{name}", "message": text} for name, text in _misfits(case, asked)]
    if errors:
        raise RequestRefused("CL-1001", extra={"errors": errors})


def _misfits(case: ReviewEvent, asked: DecisionIn) -> Iterator[tuple[str, str]]:
    if not asked.reason.strip():
        yield "reason", "say who decided it and why"
    yield from _misfits_of_refusal(case, asked)
    if asked.event_id is None:
        return
    if asked.verdict not in (Verdict.REFUSED, Verdict.NO_REFUSAL):
        yield "event_id", "only a hold is named"
    elif case.subject is None or case.event_id is not None:
        yield "event_id", "the case names its hold itself, or has no number that is held"


def _misfits_of_refusal(case: ReviewEvent, asked: DecisionIn) -> Iterator[tuple[str, str]]:
    if asked.verdict is not Verdict.REFUSED:
        for name in ("number", "region", "scope"):
            if getattr(asked, name) is not None:
                yield name, "belongs to the decision refused only"
        return
    if asked.number is None and case.subject is None:
        yield "number", "the case knows no number"
    if asked.scope is None and case.entity is None:
        yield "scope", "the case does not say whom the person refused"
    yield from _of_another(case, asked)


def _of_another(case: ReviewEvent, asked: DecisionIn) -> Iterator[tuple[str, str]]:
    """Tell where a refusal would not be about what the hold is about that ends with it."""
    if asked.number is not None and case.subject is not None:
        found = normalise(asked.number, asked.region)
        if not isinstance(found, Normalised) or found.subject != case.subject:
            yield "number", "the case is about another number: state its refusal by itself"
    if asked.scope is not None and case.entity not in (None, ANY_ENTITY, asked.scope.entity):
        yield "scope/entity", "the case is about another entity: state its refusal by itself"


def acts_of(
    case: ReviewEvent, asked: DecisionIn, by: str, sources: Mapping[str, Source]
) -> tuple[EventIn, ...]:
    """Return the acts that follow from a decision that fits, in the order in which they count.

    A refusal is recorded before the hold that stood in for it ends.

    Args:
        case: The event that opened it.
        asked: The decision.
        by: Who decides: the id of the key.
        sources: Of the registry, by id.
    """
    actor = ActorIn(id=by, type="staff")
    if asked.verdict is Verdict.REFUSED:
        return (_refusal(case, asked, actor, sources), *_release(case, asked, actor))
    if asked.verdict is Verdict.NO_REFUSAL:
        return _release(case, asked, actor)
    if asked.verdict is Verdict.APPROVED and case.reason is ReviewReason.NEEDS_APPROVAL:
        return (approval(case, asked, by),)
    return ()


def approval(case: ReviewEvent, asked: DecisionIn, by: str) -> EventIn:
    """Return the approval of what waits; of a manifest it is only what the rules are asked about.

    Args:
        case: The event that opened it.
        asked: The decision.
        by: Who decides: the id of the key.
    """
    return _naming(case, asked, "approved", case.event_id or case.review_id, by)


def _refusal(
    case: ReviewEvent, asked: DecisionIn, actor: ActorIn, sources: Mapping[str, Source]
) -> EventIn:
    source = sources.get(case.source)
    came_in = case.payload.decode("utf-8", "replace")[:MAX_VERBATIM]
    return EventIn(
        number=asked.number or case.subject or "",
        region=asked.region,
        action="refused",
        basis="objection",
        scope=_scope(case, asked),
        # The person acted before it came in: a consent that they gave later counts as later.
        occurred_at=write_utc(case.opened_at_ms),
        source_ref=_ref(case),
        nonce=_nonce(case, asked),
        method=_METHODS.get(source.kind if source else "", "complaint"),
        actor=actor,
        evidence=EvidenceIn(verbatim=came_in or asked.reason),
    )


def _scope(case: ReviewEvent, asked: DecisionIn) -> ScopeIn:
    """Return what the person refused; all of it, where nobody could say what it was.

    The hold that ends with the decision may have stood in for a refusal of service too, or of
    everything (rules of refusal 1): less must not come out of it because it could not be read.
    """
    stated = asked.scope or ScopeIn(entity=case.entity or ANY_ENTITY)
    if stated.purpose is None and case.reason in _NOT_READ:
        return stated.model_copy(update={"purpose": "all"})
    return stated


def _release(case: ReviewEvent, asked: DecisionIn, actor: ActorIn) -> tuple[EventIn, ...]:
    hold = case.event_id or (bytes.fromhex(asked.event_id) if asked.event_id else None)
    if hold is None or case.subject is None:
        return ()
    return (_naming(case, asked, "hold_released", hold, actor.id),)


def _naming(
    case: ReviewEvent,
    asked: DecisionIn,
    action: Literal["approved", "hold_released"],
    target: bytes,
    by: str,
) -> EventIn:
    return EventIn(
        number=case.subject or "",
        action=action,
        # It counts only for the entity of what it names; a hold of every entity is everybody's.
        scope=ScopeIn(entity=case.entity or ANY_ENTITY),
        target=target.hex(),
        source_ref=_ref(case),
        nonce=_nonce(case, asked),
        actor=ActorIn(id=by, type="staff"),
        evidence=EvidenceIn(verbatim=f"{asked.decision}: {asked.reason}"),
    )


def _ref(case: ReviewEvent) -> str:
    return f"review:{case.review_id.hex()}"


def _nonce(case: ReviewEvent, asked: DecisionIn) -> str:
    return f"{_ref(case)}:{asked.decision}"
