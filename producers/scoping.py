"""What a stated scope means in this registry, and which names of it nobody knows."""

from __future__ import annotations

from consentlog.domain.acts import held_instead, meant_scope
from consentlog.domain.registry import Registry
from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action, Channel, Purpose
from producers.request import EventIn


def scope_of(item: EventIn, registry: Registry, *, is_chosen: bool = False) -> Scope:
    """Return the scope of an act, its purpose as the rules have it (`domain.acts`).

    Args:
        item: The act.
        registry: Knows what a campaign is for.
        is_chosen: The person chose the purpose on the preference page.
    """
    stated = item.scope
    campaign = registry.campaigns.get(stated.campaign) if stated.campaign else None
    return meant_scope(
        Action(item.action),
        stated.entity,
        stated.brand,
        stated.campaign,
        Purpose(stated.purpose) if stated.purpose else None,
        Channel(stated.channel),
        campaign.purpose if campaign else None,
        is_chosen=is_chosen,
    )


def widened(scope: Scope, item: EventIn) -> Scope:
    """Return the scope of the hold that an act becomes when a name in it is unknown."""
    is_open = item.scope.campaign is not None and item.scope.purpose is None
    return held_instead(scope, purpose_is_open=is_open)


def unknown_in(action: Action, scope: Scope, registry: Registry, at_ms: int) -> str | None:
    """Name what the registry does not know, or None if it knows every part that must be known.

    A release ends a hold by its id, also one on every entity. A correction or approval is about an
    earlier event, whose campaign may be long over: its entity alone must be known.
    """
    if action is Action.HOLD_RELEASED:
        return None
    if action in (Action.CORRECTED, Action.APPROVED):
        return None if scope.entity in registry.entities else f"entity {scope.entity}"
    if registry.knows(scope, at_ms):
        return None
    names = (scope.entity, scope.brand, scope.campaign)
    kinds = ("entity", "brand", "campaign")
    found = " / ".join(f"{kind} {name}" for kind, name in zip(kinds, names, strict=True) if name)
    return f"{found} as one scope"
