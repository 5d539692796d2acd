"""What a clerk can choose from: what the registry knows now, and the clerk may speak for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from consentlog.domain.registry import Brand, Campaign, Entity, Registry
from consentlog.domain.scope import Scope
from producers.desk.clerk import Clerk
from producers.page_texts import Texts

_WORDED: Final = {
    "purpose": ("all",),
    "basis": ("withdrawal",),
    "channel": ("voice", "sms"),
    "granted_channel": ("voice", "sms", "all"),
}
"""Lists that are the same for everybody; what is left out is the empty choice."""


class Option(NamedTuple):
    """One line of a list; `group` is the entity under which it stands."""

    value: str
    label: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """The lists of one form, as they are at `now_ms`."""

    registry: Registry
    clerk: Clerk
    words: Texts
    now_ms: int

    def options(self, name: str) -> tuple[Option, ...]:
        """Return one list."""
        if name in _WORDED:
            return tuple(Option(one, self.words.say(f"{name}_{one}")) for one in _WORDED[name])
        return tuple(self._registered(name))

    def values(self, name: str) -> frozenset[str]:
        """Return what may be chosen from a list."""
        return frozenset(one.value for one in self.options(name))

    def knows(self, scope: Scope) -> bool:
        """Tell whether brand and campaign are of the entity."""
        return self.registry.knows(scope, self.now_ms)

    def name_of(self, entity: str) -> str:
        """Return what an entity is called."""
        row = self.registry.entities.get(entity)
        return (row.names.get(self.words.language) if row else None) or entity

    def _registered(self, name: str) -> Iterator[Option]:
        rows: Mapping[str, Mapping[str, Entity | Brand | Campaign]] = {
            "entity": self.registry.entities,
            "brand": self.registry.brands,
            "campaign": self.registry.campaigns,
        }
        for row in rows[name].values():
            entity = row.id if isinstance(row, Entity) else row.entity
            if entity not in self.clerk.principal.source.entities:
                continue
            if not row.period.holds(self.now_ms):
                continue
            if isinstance(row, Entity):
                yield Option(row.id, self.name_of(row.id))
            else:
                yield Option(row.id, row.id, self.name_of(entity))
