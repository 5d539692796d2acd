"""One stated act before its subject and scope are known: its nonce, its evidence, its fact."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from consentlog.domain.facts import Fact
from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Basis,
    HoldKind,
    Method,
    Precision,
    SetBy,
)
from consentlog.http.auth import Principal
from consentlog.wire.evidence import Evidence
from producers.request import EventIn
from producers.stated import StatedTimes


@dataclass(frozen=True, slots=True)
class Reception:
    """How an act came in.

    `payload` is what came, for a review; `fallback_nonce` names the act where the source did not
    (an `Idempotency-Key` and the item's index); `is_now` = the act and its receipt are one, so
    the gateway's clock states when the person acted.
    """

    payload: bytes
    fallback_nonce: str | None = None
    is_now: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """All that is known of one act before its subject and scope are; `now_ms` = gateway's clock."""

    item: EventIn
    principal: Principal
    reception: Reception
    times: StatedTimes
    now_ms: int

    @property
    def is_ahead(self) -> bool:
        """Whether the stated time proves the source's clock wrong."""
        return self.times.is_ahead(self.now_ms, self.principal.source.margin_ms)

    @property
    def evidence(self) -> Evidence:
        """The evidence to record; the number as it was written is always in it."""
        given = self.item.evidence
        fields = given.model_dump(exclude={"recording_sha256"}) if given else {}
        recording = given.recording_sha256 if given else None
        return Evidence(
            **fields,
            recording_sha256=bytes.fromhex(recording) if recording else None,
            actor_org=self.item.actor.org,
            source_ref=self.item.source_ref,
            raw_number=self.item.number,
        )

    def nonce(self) -> str:
        """Return what makes this act one act.

        Ids of refusals err towards different, ids of grants towards same: a refusal that nothing
        names gets a fresh id, a grant is named by its time, a release by its hold.
        """
        item = self.item
        if item.nonce is not None:
            return f"nonce:{item.nonce}"
        if item.source_ref is not None:
            return "ref"
        if self.reception.fallback_nonce is not None:
            return f"key:{self.reception.fallback_nonce}"
        if item.action == "granted":
            return f"at:{self.times.occurred_at_ms}"
        if item.action == "hold_released":
            return f"target:{item.target}"
        return f"fresh:{secrets.token_hex(16)}"

    def fact(self, id_: bytes, scope: Scope) -> Fact:
        """Return the fact under an id, 16 bytes, and a scope."""
        item, times = self.item, self.times
        now = self.reception.is_now
        return Fact(
            event_id=id_,
            action=Action(item.action),
            basis=_basis(item),
            entity=scope.entity,
            brand=scope.brand,
            campaign=scope.campaign,
            purpose=scope.purpose,
            channel=scope.channel,
            occurred_at_ms=self.now_ms if now else times.occurred_at_ms,
            occurred_at_set_by=SetBy.GATEWAY if now else times.set_by,
            precision=Precision.INSTANT if now else times.precision,
            zone=times.zone,
            clock_wrong=self.is_ahead,
            margin_ms=self.principal.source.margin_ms,
            accepted_at_ms=self.now_ms,
            until_ms=times.until_ms,
            target=bytes.fromhex(item.target) if item.target else None,
            hold_kind=HoldKind(item.hold_kind) if item.hold_kind else HoldKind.UNKNOWN,
            source=self.principal.source.id,
            method=Method(item.method) if item.method else Method.UNKNOWN,
            actor_id=item.actor.id,
            actor_type=ActorType(item.actor.type),
            actor_role=_role(item),
            has_evidence=item.evidence is not None and item.evidence.proves,
        )


def _basis(item: EventIn) -> Basis:
    if item.action != "refused":
        return Basis.UNKNOWN
    return Basis(item.basis) if item.basis else Basis.OBJECTION


def _role(item: EventIn) -> str:
    # A release counts with this role only, and the rules have checked that the key carries it.
    return "compliance" if item.action == "hold_released" else item.actor.role or ""
