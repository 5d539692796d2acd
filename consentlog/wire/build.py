"""How the wire's records and enums look in the domain."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from consentlog.domain.events import ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Basis,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)
from consentlog.wire.source import Build

ENUMS: Final[dict[str, Sequence[StrEnum]]] = {
    "Action": list(Action),
    "Basis": list(Basis),
    "Purpose": list(Purpose),
    "ContactChannel": list(Channel),
    "SetBy": list(SetBy),
    "Precision": list(Precision),
    "HoldKind": list(HoldKind),
    "Method": list(Method),
    "ActorType": list(ActorType),
}
"""Members in the order of the schema's symbols (a test compares the two)."""


class WireFact(Fact):
    """A fact as it was read, with the bytes that it was read from.

    Facts go from the event into the state unchanged, again with each later event of their number:
    whoever writes them has nothing left to encode. What `_replace` returns has no bytes.
    """

    encoded: bytes = b""


class Progress(NamedTuple):
    """How far a partition is folded; see `schemas/consent-state-v1.avsc`."""

    folded_through: int
    level_at_ms: int
    sha256: bytes


class Hole(NamedTuple):
    """Offsets of the log, both included, that hold no record."""

    first: int
    last: int


class ScopeState(NamedTuple):
    """Latest refusal and latest valid grant of one scope, for readers."""

    entity: str
    brand: str | None
    campaign: str | None
    purpose: Purpose
    channel: Channel
    refused_at_ms: int | None
    barrier_at_ms: int | None
    refused_by: bytes | None
    granted_at_ms: int | None
    grant_until_ms: int | None
    granted_by: bytes | None


class HoldState(NamedTuple):
    """A hold that was not released, for readers."""

    event_id: bytes
    kind: HoldKind
    entity: str
    brand: str | None
    campaign: str | None
    purpose: Purpose
    channel: Channel
    until_ms: int | None


class WireState(NamedTuple):
    """Fields of ConsentState in schema order."""

    subject: str
    as_of: int
    log_epoch: int
    writer: bytes
    fold_version: int
    overflow: bool
    progress: Progress | None
    hole: Hole | None
    facts: list[Fact]
    review: bool
    scopes: list[ScopeState]
    holds: list[HoldState]


BUILD: Final = Build(
    records={
        "Fact": WireFact,
        "ConsentEvent": ConsentEvent,
        "Progress": Progress,
        "Hole": Hole,
        "ScopeState": ScopeState,
        "HoldState": HoldState,
        "ConsentState": WireState,
    },
    enums=ENUMS,
    unique=frozenset({"subject"}),
    kept=frozenset({"Fact"}),
)
