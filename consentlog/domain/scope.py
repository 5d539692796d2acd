"""Scopes of events, contacts that somebody wants to make, and how the two meet.

Refusals and holds block when they overlap a contact; grants count only when they contain it. A
vague contact is therefore blocked by any narrow refusal and opened by no narrow grant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from consentlog.domain.vocabulary import Channel, Purpose

ANY_ENTITY: Final = "*"


class Scoped(Protocol):
    """Anything that carries the five fields of a scope."""

    @property
    def entity(self) -> str: ...  # noqa: D102  # named by the class
    @property
    def brand(self) -> str | None: ...  # noqa: D102  # named by the class
    @property
    def campaign(self) -> str | None: ...  # noqa: D102  # named by the class
    @property
    def purpose(self) -> Purpose: ...  # noqa: D102  # named by the class
    @property
    def channel(self) -> Channel: ...  # noqa: D102  # named by the class


class Scope(NamedTuple):
    """What an event is about; None and `ALL` mean *any*."""

    entity: str
    brand: str | None = None
    campaign: str | None = None
    purpose: Purpose = Purpose.MARKETING
    channel: Channel = Channel.ALL


@dataclass(frozen=True, slots=True)
class Contact:
    """What somebody wants to do to one subject; its purpose comes from the campaign registry.

    `predecessors` are the entities whose refusals bind this entity too (it took over their
    customers); their grants do not pass on.
    """

    entity: str
    purpose: Purpose
    channel: Channel
    brand: str | None = None
    campaign: str | None = None
    predecessors: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if self.purpose not in (Purpose.MARKETING, Purpose.SERVICE):
            raise ValueError("a contact is for marketing or for service")
        if self.channel not in (Channel.VOICE, Channel.SMS):
            raise ValueError("a contact is made by voice or by sms")


def overlaps(scope: Scoped, contact: Contact) -> bool:
    """Tell whether a refusal or hold of `scope` blocks `contact`.

    True if no field that both name differs. An `UNKNOWN` word in the scope counts as *any*.
    """
    entity = scope.entity
    if entity != contact.entity and entity != ANY_ENTITY and entity not in contact.predecessors:
        return False
    if scope.purpose is not contact.purpose and scope.purpose in _NAMED_PURPOSES:
        return False
    if scope.channel is not contact.channel and scope.channel in _NAMED_CHANNELS:
        return False
    return not (_differ(scope.brand, contact.brand) or _differ(scope.campaign, contact.campaign))


def contains(scope: Scoped, contact: Contact) -> bool:
    """Tell whether a grant of `scope` covers `contact`.

    True if every field that the scope names is named, and equal, in the contact. A grant must name
    its entity, and an `UNKNOWN` word covers nothing.
    """
    return (
        scope.entity == contact.entity
        and (scope.purpose is contact.purpose or scope.purpose is Purpose.ALL)
        and (scope.channel is contact.channel or scope.channel is Channel.ALL)
        and (scope.brand is None or scope.brand == contact.brand)
        and (scope.campaign is None or scope.campaign == contact.campaign)
    )


def may_meet(ending: Scoped, grant: Scoped) -> bool:
    """Tell whether some contact could be overlapped by one scope and contained in the other.

    Their entities are not compared: `ending` may name an entity that the grant's took over, which
    only the registry knows, and answering yes too often only makes a reader stricter.
    """
    return not (
        (ending.purpose in _NAMED_PURPOSES and _differ(ending.purpose, _named(grant.purpose)))
        or (ending.channel in _NAMED_CHANNELS and _differ(ending.channel, _named(grant.channel)))
        or _differ(ending.brand, grant.brand)
        or _differ(ending.campaign, grant.campaign)
    )


_NAMED_PURPOSES: Final = frozenset({Purpose.MARKETING, Purpose.SERVICE})
_NAMED_CHANNELS: Final = frozenset({Channel.VOICE, Channel.SMS})


def _differ(left: str | None, right: str | None) -> bool:
    return left is not None and right is not None and left != right


def _named(word: Purpose | Channel) -> str | None:
    return None if word in (Purpose.ALL, Channel.ALL) else word
