"""What a stated scope means: defaults, purposes from the campaign, names that nobody knows."""

from __future__ import annotations

from consentlog.domain.registry import Registry
from consentlog.domain.scope import ANY_ENTITY, Scope
from consentlog.domain.vocabulary import Channel, Purpose
from producers.request import EventIn


def scope_of(item: EventIn, registry: Registry) -> Scope:
    """Return the scope of an act, its purpose as the rules have it.

    A purpose that was not stated is the campaign's, or marketing. A refusal or hold of service
    contact is one of all contact: a person who refuses even that has not asked for marketing.

    Source: rules of refusal 1.
    """
    stated = item.scope
    campaign = registry.campaigns.get(stated.campaign) if stated.campaign else None
    purpose = Purpose(stated.purpose) if stated.purpose else None
    for_campaign = campaign.purpose if campaign else Purpose.MARKETING
    if item.action in ("refused", "held") and Purpose.SERVICE in (purpose, for_campaign):
        purpose = Purpose.ALL
    return Scope(
        stated.entity,
        stated.brand,
        stated.campaign,
        purpose or for_campaign,
        Channel(stated.channel),
    )


def widened(scope: Scope, item: EventIn) -> Scope:
    """Return the scope of the hold that a refusal becomes when a name in it is unknown.

    Every entity; and every purpose if an unknown campaign left the purpose open.
    """
    is_open = item.scope.campaign is not None and item.scope.purpose is None
    purpose = Purpose.ALL if is_open else scope.purpose
    return Scope(ANY_ENTITY, None, None, purpose, scope.channel)


def unknown_in(scope: Scope, registry: Registry, at_ms: int) -> str | None:
    """Name what the registry does not know, or None if it knows every part of the scope."""
    if registry.knows(scope, at_ms):
        return None
    names = (scope.entity, scope.brand, scope.campaign)
    kinds = ("entity", "brand", "campaign")
    found = " / ".join(f"{kind} {name}" for kind, name in zip(kinds, names, strict=True) if name)
    return f"{found} as one scope"
