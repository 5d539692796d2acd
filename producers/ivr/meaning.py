"""What becomes of a press: a refusal, a hold, or a mere record; a case wherever it is not clear."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from consentlog.domain.events import ConsentEvent
from consentlog.domain.registry import IvrMenu, Registry
from consentlog.domain.scope import ANY_ENTITY
from consentlog.http.auth import Principal
from consentlog.http.problems import RequestRefused
from consentlog.numbers.normalise import Normalised, normalise
from consentlog.observability.masking import mask_text
from consentlog.ports import Clock
from consentlog.wire.reviews import ReviewEvent, ReviewReason
from producers.accept import Acceptor
from producers.draft import Reception
from producers.ivr.later import Later
from producers.ivr.press import IvrPress
from producers.outcome import Outcome
from producers.received import received
from producers.request import ActorIn, EventIn, EvidenceIn, ScopeIn
from producers.reviews.opening import open_review
from producers.stated import read_times

_DECIDED_BY = "ivr menu"


class PressAcceptor:
    """Turns presses into outcomes.

    The actor is the person: nobody stands between the key and the record who could have heard it
    wrongly, as an agent can (rules of refusal 7). Who runs the phone computer is in the evidence.

    Args:
        registry: What the digits of a menu mean, and since when.
        acceptor: Decides what becomes of a stated act.
        later: Ends a hold of kind `not_now`.
        id_key: Deployment's key for ids.
        clock: When a case is opened.
    """

    def __init__(
        self, registry: Registry, acceptor: Acceptor, later: Later, id_key: bytes, clock: Clock
    ) -> None:
        self._registry = registry
        self._acceptor = acceptor
        self._later = later
        self._id_key = id_key
        self._clock = clock

    def accept(
        self, press: IvrPress, payload: bytes, principal: Principal, offset_ms: int | None = None
    ) -> Outcome:
        """Decide what becomes of one press.

        Args:
            press: The press as stated.
            payload: The same as it came, for a case.
            principal: The phone computer's source.
            offset_ms: How far its clock was measured to be off; None if it was not.

        Returns:
            A refusal, or a hold of kind `not_now`, in the menu's scope; a hold with a case for
            digits that the menu does not name, over every entity if the menu itself is not known;
            a mere record for digits that ask for nothing. Whatever cannot be recorded opens a case
            as any act does.
        """
        try:
            menu = self._menu(press, principal)
            if menu is not None and press.choice in menu.nothing:
                return self._nothing(press, payload, principal)
            item = self._item(press, menu, principal, offset_ms)
        except RequestRefused as refusal:
            return Outcome(refusal=refusal)
        reception = Reception(payload, offset_ms=offset_ms)
        outcome = self._acceptor.accept(item, principal, reception)
        if item.hold_kind != "unclear" or outcome.event is None:
            return outcome
        review = self._case(press, menu, payload, outcome.event)
        return replace(outcome, review=review)

    def _menu(self, press: IvrPress, principal: Principal) -> IvrMenu | None:
        """Return the menu if it held when the person pressed: a press may be told days later."""
        menu = self._registry.ivr_menus.get(press.menu)
        stated = read_times(_stated(press), principal.source.zone).occurred_at_ms
        now_ms = self._clock.now_ms()
        at_ms = now_ms if stated is None else min(stated, now_ms)
        return menu if menu is not None and menu.period.holds(at_ms) else None

    def _item(
        self, press: IvrPress, menu: IvrMenu | None, principal: Principal, offset_ms: int | None
    ) -> EventIn:
        says = _said(press, menu)
        until = None
        if says == "not_now" and menu is not None:
            days = menu.not_now_days[press.choice]
            stated, source = _stated(press), principal.source
            until = self._later.until(stated, menu.entity, days, source, offset_ms)
        return _stated(press).model_copy(
            update={
                "action": "refused" if says == "refused" else "held",
                "hold_kind": None if says == "refused" else says,
                "until": until,
                "scope": _scope(menu),
                "evidence": _evidence(press, menu),
            }
        )

    def _case(
        self, press: IvrPress, menu: IvrMenu | None, payload: bytes, held: ConsentEvent
    ) -> ReviewEvent:
        what = "menu" if menu is None else "choice in this menu"
        # The menu's name is the caller's own word, in which a number may stand.
        detail = mask_text(f"the registry knows no such {what}: {press.choice} in {press.menu}")
        return open_review(
            self._id_key,
            ReviewReason.UNKNOWN_SCOPE if menu is None else ReviewReason.UNCLEAR_WORDS,
            source=held.fact.source,
            opened_at_ms=self._clock.now_ms(),
            payload=payload,
            detail=detail,
            subject=held.subject,
            event=held,
        )

    def _nothing(self, press: IvrPress, payload: bytes, principal: Principal) -> Outcome:
        found = normalise(press.number or "", press.region or principal.source.region)
        return Outcome(
            review=received(
                self._id_key,
                source=principal.source.id,
                at_ms=self._clock.now_ms(),
                payload=payload,
                rule=f"{press.choice} in {press.menu}",
                subject=found.subject if isinstance(found, Normalised) else None,
                decided_by=_DECIDED_BY,
            )
        )


def _said(press: IvrPress, menu: IvrMenu | None) -> Literal["refused", "not_now", "unclear"]:
    if menu is None:
        return "unclear"
    if press.choice in menu.refuse:
        return "refused"
    return "not_now" if press.choice in menu.not_now_days else "unclear"


def _stated(press: IvrPress) -> EventIn:
    """Return all that a press says by itself, as the refusal that it most likely is."""
    return EventIn(
        number=press.number or "",
        region=press.region,
        action="refused",
        scope=ScopeIn(entity=ANY_ENTITY),
        occurred_at=press.occurred_at,
        zone=press.zone,
        recorded_at=press.recorded_at,
        source_ref=press.call_id,
        nonce=press.nonce,
        method="keyword",
        actor=ActorIn(id="subject", type="person", org=press.org),
    )


def _scope(menu: IvrMenu | None) -> ScopeIn:
    if menu is None:
        return ScopeIn(entity=ANY_ENTITY)
    fields = {"brand": menu.brand, "campaign": menu.campaign, "channel": menu.channel.value}
    return ScopeIn.model_validate({"entity": menu.entity, **fields})


def _evidence(press: IvrPress, menu: IvrMenu | None) -> EvidenceIn:
    """Return the person's words: the key, the menu, and what was read out if the menu says so."""
    pressed = f"DTMF {press.choice}, menu {press.menu}"
    prompt = menu.prompt if menu is not None else None
    return EvidenceIn(verbatim=pressed if prompt is None else f"{pressed}: {prompt}")
