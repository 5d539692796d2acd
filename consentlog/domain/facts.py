"""A fact: what one event says, as far as the fold decides on it (rules of refusal 3)."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, NamedTuple, TypeAlias

from consentlog.domain.scope import Scope
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

FactKey: TypeAlias = tuple[bytes, bytes]
"""(event id, fingerprint), 16 bytes each."""

_SEPARATOR: Final = "\x1f"
SCOPE_FIELDS: Final = slice(3, 8)
"""Where the five fields of the scope stand in a fact; a slice is cheaper than a Scope."""

MAX_NAME_BYTES: Final = 32
"""Registry, source and actor ids are at most this long, in ASCII (rules of refusal 1)."""


class Fact(NamedTuple):
    """One event's contribution to the state.

    Field order is the wire's (`schemas/consent-event-v1.avsc`).

    A NamedTuple rather than a dataclass: facts are built by the hundred thousand in the fold, and
    compared and ordered as wholes. Times are ms UTC.
    """

    event_id: bytes
    action: Action
    basis: Basis
    entity: str
    brand: str | None
    campaign: str | None
    purpose: Purpose
    channel: Channel
    occurred_at_ms: int | None
    occurred_at_set_by: SetBy
    precision: Precision
    zone: str | None
    clock_wrong: bool
    margin_ms: int
    accepted_at_ms: int
    until_ms: int | None
    target: bytes | None
    hold_kind: HoldKind
    source: str
    method: Method
    actor_id: str
    actor_type: ActorType
    actor_role: str
    has_evidence: bool

    @property
    def scope(self) -> Scope:
        """The five fields of the scope."""
        return Scope(self.entity, self.brand, self.campaign, self.purpose, self.channel)

    @property
    def acted_at_ms(self) -> int:
        """min(`occurred_at`, `accepted_at`), or `accepted_at` where no usable time was stated."""
        occurred_at_ms, accepted_at_ms = self.occurred_at_ms, self.accepted_at_ms
        if occurred_at_ms is None or self.clock_wrong or occurred_at_ms > accepted_at_ms:
            return accepted_at_ms
        return occurred_at_ms


def fingerprint(fact: Fact) -> bytes:
    """Hash the meaning of a fact, so that a retry of one act is one fact.

    Over action, scope, hold kind, target, until, method, source, actor (not for imports: whoever
    uploads a list again is not its author) and `occurred_at` with its precision as the source
    stated it. Not over reception clocks, trace ids or file names.

    Returns:
        16 bytes.
    """
    stated = fact.occurred_at_set_by is SetBy.SOURCE
    by_hand = fact.method is not Method.IMPORT
    parts = (
        fact.action,
        fact.entity,
        # A missing name and an empty one must differ, and no name holds a control character.
        "\x00" if fact.brand is None else fact.brand,
        "\x00" if fact.campaign is None else fact.campaign,
        fact.purpose,
        fact.channel,
        fact.hold_kind,
        "" if fact.target is None else fact.target.hex(),
        "" if fact.until_ms is None else str(fact.until_ms),
        fact.method,
        fact.source,
        fact.actor_id if by_hand else "",
        fact.actor_type if by_hand else "",
        fact.actor_role if by_hand else "",
        str(fact.occurred_at_ms) if stated else "",
        fact.precision if stated else "",
    )
    return blake2b(_SEPARATOR.join(parts).encode(), digest_size=16).digest()


def key_of(fact: Fact) -> FactKey:
    """Return the key under which a state keeps `fact`."""
    return fact.event_id, fingerprint(fact)


def earlier(left: Fact, right: Fact) -> Fact:
    """Choose between two receptions of one act: smaller `accepted_at`, ties by canonical order.

    Total and symmetric, so that every order of arrival keeps the same fact.
    """
    return left if _order(left) <= _order(right) else right


def _order(fact: Fact) -> tuple[int, tuple[tuple[bool, str], ...]]:
    # None sorts before any text; repr of the closed set of field types is the same in every
    # process.
    return fact.accepted_at_ms, tuple((part is not None, repr(part)) for part in fact)


def are_names(*texts: str | None) -> bool:
    """Tell whether each may stand as a registry, source or actor id.

    Printable ASCII of at most 32 bytes; None stands for a name that was not given.
    """
    for text in texts:
        if text and text not in _GOOD_NAMES:
            if not (len(text) <= MAX_NAME_BYTES and text.isascii() and text.isprintable()):
                return False
            if len(_GOOD_NAMES) >= 4096:
                _GOOD_NAMES.clear()
            _GOOD_NAMES.add(text)
    return True


_GOOD_NAMES: Final[set[str]] = set()
"""Names seen to be good: the same few dozen stand in every event. Emptied when full."""
