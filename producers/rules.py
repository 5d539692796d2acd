"""What a stated act must have, and what its key must be allowed, before anything is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from consentlog.domain.events import FOLDED_ACTIONS
from consentlog.domain.vocabulary import Action
from consentlog.http.auth import Principal
from consentlog.http.problems import RequestRefused
from producers.request import EventIn

_SCOPES: Final = {
    "refused": ("events:write",),
    "held": ("events:write",),
    "granted": ("grants:write",),
    "hold_released": ("holds:release", "role:compliance"),
}
_GRANT_METHODS: Final = frozenset({"keyword", "web", "app", "form", "spoken"})
_FIELDS_OF: Final = {
    "basis": ("refused",),
    "hold_kind": ("held",),
    "target": ("hold_released",),
    "until": ("granted", "held"),
}
"""Fields that belong to some actions only; anywhere else they would be silently without effect."""


def check_rules(item: EventIn, principal: Principal) -> None:
    """Check one stated act.

    Raises:
        RequestRefused: `CL-1205` for an action that this version does not fold, `CL-1103` for one
            that the key may not state or a role that it does not carry, `CL-1001` for fields that
            do not belong together, `CL-1206` for a grant that could never count.
    """
    if Action(item.action) not in FOLDED_ACTIONS:
        raise RequestRefused("CL-1205", action=item.action)
    for scope in _SCOPES[item.action]:
        principal.require(scope)
    if item.actor.role is not None:
        principal.require(f"role:{item.actor.role}")
    errors = [{"pointer": f"/{field}", "message": text} for field, text in _misfits(item)]
    if errors:
        raise RequestRefused("CL-1001", extra={"errors": errors})
    if item.action == "granted":
        _check_grant(item)


def _misfits(item: EventIn) -> Iterator[tuple[str, str]]:
    for field, actions in _FIELDS_OF.items():
        if getattr(item, field) is not None and item.action not in actions:
            yield field, f"belongs to {' or '.join(actions)} only"
    if item.action == "held" and item.hold_kind is None:
        yield "hold_kind", "a hold needs its kind"
    if item.until is not None and item.action == "held" and item.hold_kind != "not_now":
        yield "until", "only a hold of kind not_now ends by itself"
    if item.action == "hold_released" and item.target is None:
        yield "target", "a release names the hold that it ends"
    if item.action in ("refused", "granted") and item.method is None:
        yield "method", "how the person expressed it is missing"


def _check_grant(item: EventIn) -> None:
    if item.method not in _GRANT_METHODS:
        raise RequestRefused("CL-1206", reason=f"method {item.method} is never consent")
    if item.evidence is None or not item.evidence.proves:
        raise RequestRefused("CL-1206", reason="the evidence is missing")
    if item.method == "spoken" and item.evidence.recording_sha256 is None:
        raise RequestRefused("CL-1206", reason="a spoken consent needs its recording's SHA-256")
    if item.occurred_at is None:
        raise RequestRefused("CL-1206", reason="occurred_at is missing")
