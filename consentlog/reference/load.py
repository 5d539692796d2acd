"""Reads `registry.toml` and `policy.toml` into the domain's tables, refusing what is doubtful."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from consentlog.domain.registry import (
    ApiKey,
    Brand,
    Campaign,
    Entity,
    IvrMenu,
    Registry,
    SmsNumber,
    Source,
)
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.reference.document import Document, read_document
from consentlog.reference.policy import load_policy
from consentlog.reference.rows import (
    BrandRow,
    CampaignRow,
    EntityRow,
    IvrMenuRow,
    KeyRow,
    SmsNumberRow,
    SourceRow,
)

__all__ = ["load_policy", "load_registry"]

_TABLES = (
    *("version", "entities", "brands", "campaigns", "sms_numbers", "ivr_menus"),
    *("sources", "keys"),
)
T = TypeVar("T")


def load_registry(path: Path) -> Registry:
    """Read the registry.

    Args:
        path: `registry.toml`: who is who, with dates (docs/reference-data.md).

    Returns:
        The registry, every reference in it resolved.

    Raises:
        FatalError: `CL-6060` if the file cannot be read; `CL-6061` for an unknown or wrong field,
            an id given twice, a reference to nothing, or a circle of successors; each with file,
            line and reason.
    """
    doc = read_document(path)
    doc.only(*_TABLES)
    doc.check_version()
    registry = Registry(
        _by_id(doc, "entities", [_entity(row) for row in doc.rows("entities", EntityRow)], _id),
        _by_id(doc, "brands", [_brand(row) for row in doc.rows("brands", BrandRow)], _id),
        _by_id(doc, "campaigns", [_campaign(r) for r in doc.rows("campaigns", CampaignRow)], _id),
        _by_id(
            doc, "sms_numbers", [_sms(r) for r in doc.rows("sms_numbers", SmsNumberRow)], _value
        ),
        _by_id(doc, "sources", [_source(row) for row in doc.rows("sources", SourceRow)], _id),
        _by_id(doc, "keys", [_key(row) for row in doc.rows("keys", KeyRow)], _id),
        _by_id(doc, "ivr_menus", [_menu(r) for r in doc.rows("ivr_menus", IvrMenuRow)], _id),
    )
    _check_references(doc, registry)
    _check_menus(doc, registry)
    _check_keys(doc, registry)
    _check_successors(doc, registry)
    return registry


def _id(row: object) -> str:
    return str(getattr(row, "id"))  # noqa: B009  # rows of eight kinds, all with an id


def _value(row: SmsNumber) -> str:
    return row.value


def _by_id(
    doc: Document, table: str, rows: Sequence[T], name_of: Callable[[T], str]
) -> Mapping[str, T]:
    found: dict[str, T] = {}
    for number, row in enumerate(rows):
        name = name_of(row)
        if name in found:
            doc.refuse(table, number, "this id stands twice", name)
        found[name] = row
    return found


def _entity(row: EntityRow) -> Entity:
    return Entity(
        row.id, row.successor, {str(lang): name for lang, name in row.names.items()}, row.period
    )


def _brand(row: BrandRow) -> Brand:
    return Brand(row.id, row.entity, row.period)


def _campaign(row: CampaignRow) -> Campaign:
    return Campaign(row.id, row.entity, Purpose(row.purpose), row.brand, row.period)


def _sms(row: SmsNumberRow) -> SmsNumber:
    return SmsNumber(row.value, row.entity, row.period)


def _source(row: SourceRow) -> Source:
    entities = frozenset(row.entities)
    times = (row.margin_ms, row.zone)
    return Source(row.id, row.kind, entities, *times, row.region, row.unverified_per_hour)


def _key(row: KeyRow) -> ApiKey:
    return ApiKey(row.id, row.source, row.sha256, frozenset(row.scopes), row.period)


def _menu(row: IvrMenuRow) -> IvrMenu:
    about = (row.entity, row.brand, row.campaign, Channel(row.channel))
    digits = (frozenset(row.refuse), dict(row.not_now), frozenset(row.nothing))
    return IvrMenu(row.id, *about, *digits, row.prompt, row.period)


def _check_references(doc: Document, registry: Registry) -> None:
    entities = registry.entities
    _all_there(doc, "entities", {r.id: [r.successor] for r in entities.values()}, entities)
    _all_there(doc, "brands", {r.id: [r.entity] for r in registry.brands.values()}, entities)
    campaigns = registry.campaigns.values()
    _all_there(doc, "campaigns", {r.id: [r.entity] for r in campaigns}, entities)
    _all_there(doc, "campaigns", {r.id: [r.brand] for r in campaigns}, registry.brands)
    numbers = registry.sms_numbers.values()
    _all_there(doc, "sms_numbers", {r.value: [r.entity] for r in numbers}, entities)
    _all_there(doc, "sources", {r.id: r.entities for r in registry.sources.values()}, entities)
    _all_there(doc, "keys", {r.id: [r.source] for r in registry.keys.values()}, registry.sources)
    for number, row in enumerate(campaigns):
        if row.brand is not None and registry.brands[row.brand].entity != row.entity:
            doc.refuse("campaigns", number, f"brand {row.brand} is another entity's", row.id)


def _check_menus(doc: Document, registry: Registry) -> None:
    menus = registry.ivr_menus.values()
    _all_there(doc, "ivr_menus", {row.id: [row.entity] for row in menus}, registry.entities)
    _all_there(doc, "ivr_menus", {row.id: [row.brand] for row in menus}, registry.brands)
    _all_there(doc, "ivr_menus", {row.id: [row.campaign] for row in menus}, registry.campaigns)
    for number, row in enumerate(menus):
        strange = _strange_in(row, registry)
        if strange is not None:
            doc.refuse("ivr_menus", number, strange, row.id)


def _strange_in(menu: IvrMenu, registry: Registry) -> str | None:
    brand = registry.brands.get(menu.brand or "")
    campaign = registry.campaigns.get(menu.campaign or "")
    if brand is not None and brand.entity != menu.entity:
        return f"brand {brand.id} is another entity's"
    if campaign is None:
        return None
    if campaign.entity != menu.entity:
        return f"campaign {campaign.id} is another entity's"
    is_of_another = brand is not None and campaign.brand not in (None, brand.id)
    return f"campaign {campaign.id} is another brand's" if is_of_another else None


def _all_there(
    doc: Document, table: str, named: Mapping[str, Iterable[str | None]], there: Container[str]
) -> None:
    for number, (name, targets) in enumerate(named.items()):
        for target in targets:
            if target is not None and target not in there:
                doc.refuse(table, number, f"{target} is not defined", name)


def _check_keys(doc: Document, registry: Registry) -> None:
    seen: dict[str, str] = {}
    for number, key in enumerate(registry.keys.values()):
        other = seen.setdefault(key.sha256, key.id)
        if other != key.id:
            doc.refuse("keys", number, f"{other} is the same key: who would be speaking?", key.id)


def _check_successors(doc: Document, registry: Registry) -> None:
    for number, entity in enumerate(registry.entities.values()):
        seen, at = {entity.id}, entity.successor
        while at is not None:
            if at in seen:
                doc.refuse("entities", number, "its successors lead back to it", entity.id)
            seen.add(at)
            at = registry.entities[at].successor
