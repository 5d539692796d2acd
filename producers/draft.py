"""One stated act before its subject and scope are known: its names, its evidence, its fact."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from consentlog.domain.acts import RULES
from consentlog.domain.facts import Fact
from consentlog.domain.ids import ID_BYTES, Named
from consentlog.domain.scope import Scope
from consentlog.domain.stated import is_ahead, is_off
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

    `payload` is what came, for a review; `batch` names the act where the source did not (an
    `Idempotency-Key` and the item's index); `is_now` = the act and its receipt are one, so the
    gateway's clock states when the person acted; `offset_ms` = how far the source's clock was
    measured to be off, None if it was not; `is_chosen` = the person chose the purpose on the
    preference page.
    """

    payload: bytes
    batch: str | None = None
    is_now: bool = False
    offset_ms: int | None = None
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """All that is known of one act before its subject and scope are; `now_ms` = gateway's clock."""

    item: EventIn
    principal: Principal
    reception: Reception
    times: StatedTimes
    now_ms: int

    @property
    def action(self) -> Action:
        """What happened."""
        return Action(self.item.action)

    @property
    def method(self) -> Method:
        """How the person expressed it."""
        return Method(self.item.method) if self.item.method else Method.UNKNOWN

    @property
    def named(self) -> Named:
        """What the source gave that tells this act from another."""
        return Named(self.item.nonce, self.item.source_ref, self.reception.batch)

    @property
    def clock_doubt(self) -> str | None:
        """What proves the source's clock wrong; None if nothing does."""
        margin_ms, offset_ms = self.principal.source.margin_ms, self.reception.offset_ms
        if is_off(offset_ms, margin_ms):
            return "by its Date header the source's clock is off by more than its margin"
        for stated_ms in (self.times.occurred_at_ms, self.times.recorded_at_ms):
            if is_ahead(stated_ms, self.now_ms, margin_ms):
                return "a stated time lies ahead of the gateway's clock"
        return None

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

    def fact(self, scope: Scope) -> Fact:
        """Return what the act says about a scope, under an id that is still empty."""
        item, times = self.item, self.times
        now = self.reception.is_now
        return Fact(
            event_id=bytes(ID_BYTES),
            action=self.action,
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
            clock_wrong=self.clock_doubt is not None,
            margin_ms=self.principal.source.margin_ms,
            accepted_at_ms=self.now_ms,
            until_ms=times.until_ms,
            target=bytes.fromhex(item.target) if item.target else None,
            hold_kind=HoldKind(item.hold_kind) if item.hold_kind else HoldKind.UNKNOWN,
            source=self.principal.source.id,
            method=self.method,
            actor_id=item.actor.id,
            actor_type=ActorType(item.actor.type),
            actor_role=_role(item),
            has_evidence=item.evidence is not None and item.evidence.proves,
        )


def told_apart(draft: Draft) -> EventIn:
    """Return an act that becomes a hold of its own, whatever other act its source gave that name.

    A hold on every entity no longer shows what it stands in for, and an unclear one not what was
    unclear: two acts of one ticket, or of one row that changed, would be one hold, and the release
    that a person decided for the first would silently end the second.

    Args:
        draft: The act as it was stated, and how it came in.
    """
    item = draft.item
    if not any(draft.named):
        return item  # it gets an id that was never used before
    said = item.evidence.verbatim if item.evidence else None
    name = [*draft.named, item.action, item.hold_kind, *item.scope.model_dump().values(), said]
    text = json.dumps(name, ensure_ascii=False)
    return item.model_copy(
        update={"nonce": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()}
    )


def _basis(item: EventIn) -> Basis:
    if item.action != "refused":
        return Basis.UNKNOWN
    return Basis(item.basis) if item.basis else Basis.OBJECTION


def _role(item: EventIn) -> str:
    # Where a role makes an act count, the rules have checked that the key carries it.
    return RULES[Action(item.action)].role or item.actor.role or ""
