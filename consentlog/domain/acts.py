"""What may be stated: who can cause an action, what has to be said with it, what a scope means.

The table of rules of refusal 2, and the default scopes of section 1. It says what may be recorded;
what a record then does to a contact is the decision's alone.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Final, NamedTuple

from consentlog.domain.facts import Fact
from consentlog.domain.scope import ANY_ENTITY, Scope
from consentlog.domain.vocabulary import Action, ActorType, Channel, Method, Purpose

COMPLIANCE: Final = "compliance"
BACKFILL: Final = "grants:backfill"
"""What a key needs to take documented consents over, from a list that a second person approved.

Source: rules of refusal 5.
"""


class ActRule(NamedTuple):
    """What one action needs.

    `permissions` the key must carry, and none of `without`; `role` is set from the key, not from
    the caller's word; `actors` may cause it (empty: anybody); `fields` belong to it and to others
    that list them; `needs` are those of them that must be there; `reason` = who decided and why has
    to be in the evidence.
    """

    permissions: tuple[str, ...]
    fields: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    actors: AbstractSet[ActorType] = frozenset()
    role: str | None = None
    without: tuple[str, ...] = ()
    reason: bool = False


_STAFF: Final = frozenset({ActorType.STAFF})
_TARGET: Final = ("target",)

RULES: Final = MappingProxyType(
    {
        Action.REFUSED: ActRule(("events:write",), ("basis",), ("method",)),
        Action.HELD: ActRule(("events:write",), ("hold_kind", "until"), ("hold_kind",)),
        Action.GRANTED: ActRule(("grants:write",), ("until",), ("method",)),
        Action.CONSENT_ENDED: ActRule(("consent:end",), actors=_STAFF | {ActorType.SYSTEM}),
        Action.HOLD_RELEASED: ActRule(
            ("holds:release",), _TARGET, _TARGET, _STAFF, COMPLIANCE, reason=True
        ),
        Action.CORRECTED: ActRule(("corrections:write",), _TARGET, _TARGET, _STAFF, reason=True),
        # An approval is another principal's: a key that can state what needs one cannot approve.
        Action.APPROVED: ActRule(
            ("approvals:write",),
            _TARGET,
            _TARGET,
            _STAFF,
            COMPLIANCE,
            ("corrections:write", "grants:write", BACKFILL),
            reason=True,
        ),
    }
)
"""Every action that can be stated."""

TIGHTENING: Final = frozenset({Action.REFUSED, Action.HELD, Action.CONSENT_ENDED})
"""Actions that never open anything: if they cannot be understood, they block."""

LOOSENING: Final = frozenset({Action.GRANTED, Action.HOLD_RELEASED, Action.APPROVED})
"""Actions that never block anything: late, they leave a contact refused for longer.

A correction is of neither set: that of a grant blocks.
"""

_NEEDING_APPROVAL: Final = MappingProxyType(
    {Action.GRANTED: frozenset({Method.SPOKEN}), Action.CORRECTED: frozenset(Method)}
)

_OF_IMPORTS: Final = frozenset({Action.REFUSED, Action.HELD})


def may_come_by(action: Action, method: Method) -> bool:
    """Tell whether an action may come that way: an import brings refusals and holds only.

    Source: rules of refusal 6.
    """
    return method is not Method.IMPORT or action in _OF_IMPORTS


def waits_for_approval(fact: Fact) -> bool:
    """Tell whether an act asks for a second person when it is recorded.

    A spoken consent, and every correction: whether a correction is of a refusal, and counts only
    once approved, is known where all acts of the number are; that somebody looked harms none.

    Source: rules of refusal 2 and 5.
    """
    return fact.method in _NEEDING_APPROVAL.get(fact.action, ())


def meant_scope(  # noqa: PLR0913  # the five fields, what they belong to, what the registry says
    action: Action,
    entity: str,
    brand: str | None,
    campaign: str | None,
    purpose: Purpose | None,
    channel: Channel,
    of_campaign: Purpose | None,
    *,
    is_chosen: bool = False,
) -> Scope:
    """Return the scope that an act means.

    A purpose that was not stated is the campaign's, or marketing; an end of consent that names
    neither ends consent for everything. A refusal or hold of service contact is one of all contact:
    a person who refuses even that has not asked for marketing. On the preference page, where both
    stand side by side, the person refuses what the pressed button says.

    Args:
        action: What happened.
        entity: Entity, as stated.
        brand: Brand, or None for any.
        campaign: Campaign, or None for any.
        purpose: Purpose, or None if not stated.
        channel: Channel.
        of_campaign: Purpose of the campaign in the registry; None without a known campaign.
        is_chosen: The person chose the purpose on the preference page.

    Source: rules of refusal 1.
    """
    default = of_campaign or Purpose.MARKETING
    if action is Action.CONSENT_ENDED and campaign is None:
        default = Purpose.ALL
    names_service = Purpose.SERVICE in (purpose, of_campaign)
    if action in (Action.REFUSED, Action.HELD) and names_service and not is_chosen:
        purpose = Purpose.ALL
    return Scope(entity, brand, campaign, purpose or default, channel)


def held_instead(scope: Scope, *, purpose_is_open: bool) -> Scope:
    """Return the scope of the hold that stands in for an act whose scope names something unknown.

    Args:
        scope: What was stated.
        purpose_is_open: The purpose was left to a campaign that nobody knows.

    Returns:
        Every entity; and every purpose if it is open.

    Source: rules of refusal 1.
    """
    purpose = Purpose.ALL if purpose_is_open else scope.purpose
    return Scope(ANY_ENTITY, None, None, purpose, scope.channel)
