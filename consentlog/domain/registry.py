"""Who is who: entities, brands, campaigns, sources, keys; one dated source for all services.

The purpose of a contact comes from its campaign here, never from the caller (rules of refusal 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from consentlog.domain.decision import Reason, ReasonCode
from consentlog.domain.scope import Contact, Scope
from consentlog.domain.vocabulary import Channel, Purpose


@dataclass(frozen=True, slots=True)
class Period:
    """From `from_ms` (included) up to `to_ms` (excluded), ms UTC; None = open."""

    from_ms: int | None = None
    to_ms: int | None = None

    def holds(self, at_ms: int) -> bool:
        """Tell whether `at_ms` lies in the period."""
        return (self.from_ms is None or self.from_ms <= at_ms) and (
            self.to_ms is None or at_ms < self.to_ms
        )


ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class Entity:
    """A legal person that contacts people; `successor` took over its customers."""

    id: str
    successor: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand of one entity."""

    id: str
    entity: str
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign of one entity, perhaps for one brand; it alone says what a contact is for."""

    id: str
    entity: str
    purpose: Purpose
    brand: str | None = None
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class SmsNumber:
    """An SMS number (`dest_code`) or signature (`sign_name`) and the entity that it speaks for."""

    value: str
    entity: str
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class IvrMenu:
    """A menu of a phone computer: what its digits mean, and what a refusal in it is about.

    `not_now_days` by digit; `prompt` is what the person heard before pressing: with it a press says
    as much as words do, so a menu narrower than its entity has one (rules of refusal 1).
    """

    id: str
    entity: str
    brand: str | None = None
    campaign: str | None = None
    channel: Channel = Channel.ALL
    refuse: frozenset[str] = frozenset()
    not_now_days: Mapping[str, int] = field(default_factory=dict)
    nothing: frozenset[str] = frozenset()
    prompt: str | None = None
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class Source:
    """A system that may report acts.

    `entities` it may speak for; `margin_ms` its clock is good for; `zone` of times without one;
    `region` (ISO 3166) of numbers without a country code; `unverified_per_hour` = how many messages
    without a right signature may leave a hold.
    """

    id: str
    kind: str
    entities: frozenset[str]
    margin_ms: int
    zone: str = "UTC"
    region: str | None = None
    unverified_per_hour: int = 60


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of a source; only its SHA-256 (hex) is kept. `scopes` say what it may do."""

    id: str
    source: str
    sha256: str
    scopes: frozenset[str]
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class Resolution:
    """A contact that the registry knows, or the reasons why it does not."""

    contact: Contact | None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Registry:
    """Everything by its id; already checked for dangling references when it was read."""

    entities: Mapping[str, Entity] = field(default_factory=dict)
    brands: Mapping[str, Brand] = field(default_factory=dict)
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    sms_numbers: Mapping[str, SmsNumber] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    keys: Mapping[str, ApiKey] = field(default_factory=dict)
    ivr_menus: Mapping[str, IvrMenu] = field(default_factory=dict)

    def predecessors(self, entity: str) -> frozenset[str]:
        """Return the entities whose refusals bind `entity`: all that lead to it by succession."""
        found: set[str] = set()
        growing = True
        while growing:
            more = {
                one.id
                for one in self.entities.values()
                if one.successor is not None and (one.successor == entity or one.successor in found)
            }
            growing = not more <= found
            found |= more
        return frozenset(found - {entity})

    def knows(self, scope: Scope, at_ms: int) -> bool:
        """Tell whether every name in an event's scope is known at `at_ms`, ms UTC."""
        return not self._unknown(scope.entity, scope.brand, scope.campaign, at_ms)

    def resolve(
        self, entity: str, brand: str | None, campaign: str | None, channel: Channel, at_ms: int
    ) -> Resolution:
        """Turn what a caller named into a contact.

        Args:
            entity: Entity id.
            brand: Brand id, or None to take the campaign's.
            campaign: Campaign id; None means marketing.
            channel: Voice or SMS.
            at_ms: Instant of the contact, ms UTC.

        Returns:
            The contact, or every name that is unknown or does not belong to the entity.
        """
        unknown = self._unknown(entity, brand, campaign, at_ms)
        if unknown:
            return Resolution(None, unknown)
        row = self.campaigns[campaign] if campaign is not None else None
        return Resolution(
            Contact(
                entity,
                row.purpose if row else Purpose.MARKETING,
                channel,
                brand if brand is not None or row is None else row.brand,
                campaign,
                self.predecessors(entity),
            )
        )

    def _unknown(
        self, entity: str, brand: str | None, campaign: str | None, at_ms: int
    ) -> tuple[Reason, ...]:
        reasons = []
        known = self.entities.get(entity)
        if known is None or not known.period.holds(at_ms):
            reasons.append(Reason(ReasonCode.UNKNOWN_ENTITY, detail=entity))
        if brand is not None and not _belongs(self.brands.get(brand), entity, at_ms):
            reasons.append(Reason(ReasonCode.UNKNOWN_BRAND, detail=brand))
        if campaign is not None:
            row = self.campaigns.get(campaign)
            other_brand = row is not None and brand is not None and row.brand not in (None, brand)
            if other_brand or not _belongs(row, entity, at_ms):
                reasons.append(Reason(ReasonCode.UNKNOWN_CAMPAIGN, detail=campaign))
        return tuple(reasons)


def _belongs(row: Brand | Campaign | None, entity: str, at_ms: int) -> bool:
    return row is not None and row.entity == entity and row.period.holds(at_ms)
