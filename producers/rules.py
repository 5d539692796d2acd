"""What a stated act must have, and what its key must be allowed, before anything is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from consentlog.domain.acts import RULES, ActRule, may_come_by
from consentlog.domain.grants import Flaw
from consentlog.domain.vocabulary import Action, ActorType, Method
from consentlog.http.auth import Principal
from consentlog.http.problems import RequestRefused
from producers.request import EventIn

FLAWS: Final = {
    Flaw.NO_EVIDENCE: "the evidence is missing",
    Flaw.METHOD_NOT_ALLOWED: "that method is never consent",
    Flaw.NO_ENTITY: "it names no entity",
    Flaw.NO_TIME: "occurred_at is missing",
}
"""Why a grant could never count, in words, as far as its sender can repair it."""

_FIELDS: Final = tuple(sorted({field for rule in RULES.values() for field in rule.fields}))
_MISSING: Final = {
    "hold_kind": "a hold needs its kind",
    "method": "how the person expressed it is missing",
    "target": "it names the event that it is about, by its id",
}


def check_rules(item: EventIn, principal: Principal) -> None:
    """Check one stated act for shape and authority (`consentlog.domain.acts`).

    Raises:
        RequestRefused: `CL-1103` for an act that the key may not state or a role that it does not
            carry, `CL-1106` for an approval by a key that could have stated what it approves,
            `CL-1001` for fields that do not belong together, `CL-1206` for a spoken grant without
            its recording.
    """
    rule = RULES[Action(item.action)]
    _check_key(item, rule, principal)
    errors = [{"pointer": f"/{field}", "message": text} for field, text in _misfits(item, rule)]
    if errors:
        raise RequestRefused("CL-1001", extra={"errors": errors})
    recording = item.evidence.recording_sha256 if item.evidence else None
    if item.action == "granted" and item.method == "spoken" and recording is None:
        raise RequestRefused("CL-1206", reason="a spoken consent needs its recording's SHA-256")


def _check_key(item: EventIn, rule: ActRule, principal: Principal) -> None:
    method = Method(item.method) if item.method else Method.UNKNOWN
    if not may_come_by(Action(item.action), method):
        # It records nothing whatever the key may do: a person looks at it.
        principal.require("events:write")
        return
    for scope in rule.permissions:
        principal.require(scope)
    for role in (rule.role, item.actor.role):
        if role is not None:
            principal.require(f"role:{role}")
    for scope in rule.without:
        if scope in principal.scopes:
            raise RequestRefused("CL-1106", scope=scope)


def _misfits(item: EventIn, rule: ActRule) -> Iterator[tuple[str, str]]:
    for field in _FIELDS:
        # A field that belongs to other actions would be silently without effect.
        if getattr(item, field) is not None and field not in rule.fields:
            owners = [action for action, other in RULES.items() if field in other.fields]
            yield field, f"belongs to {' or '.join(owners)} only"
    for field in rule.needs:
        if getattr(item, field) is None:
            yield field, _MISSING[field]
    if item.until is not None and item.action == "held" and item.hold_kind != "not_now":
        yield "until", "only a hold of kind not_now ends by itself"
    if rule.actors and ActorType(item.actor.type) not in rule.actors:
        yield "actor/type", f"{item.action} is an act of {' or '.join(sorted(rule.actors))}"
    if rule.reason and not (item.evidence and (item.evidence.verbatim or "").strip()):
        yield "evidence/verbatim", "say who decided it and why"
