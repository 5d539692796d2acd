"""Histories with their expected answers, for `docs/vectors/state-contract.json`.

Each follows from the rules of refusal 3 to 5 and 8; nothing here is computed from our own code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

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

_NOON_MS: Final = 1_763_784_000_000  # 2025-11-22T04:00:00Z, noon in Shanghai
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_LATER_MS: Final = _NOON_MS + 20 * _DAY_MS


@dataclass(frozen=True, slots=True)
class Case:
    """One question.

    Attributes:
        name: What the case shows.
        history: Facts of the subject; None = no record at all.
        verdict: `allow` or `deny`.
        reasons: Codes of every reason, in the order of the answer.
        derived: Verdict of a reader that uses only the derived part, where it is stricter.
    """

    name: str
    history: tuple[Fact, ...] | None
    verdict: str
    reasons: tuple[str, ...] = ()
    contact: Mapping[str, Any] = field(default_factory=dict)
    at_ms: int = _LATER_MS
    basis_required: bool = True
    overflow: bool = False
    derived: str | None = None

    @staticmethod
    def full_contact(named: Mapping[str, Any]) -> dict[str, Any]:
        """Return a contact with every field: a marketing call by acme unless `named` differs."""
        plain: dict[str, Any] = {
            "entity": "acme", "brand": None, "campaign": None, "purpose": "MARKETING",
            "channel": "VOICE", "predecessors": [],
        }  # fmt: skip
        return plain | dict(named)


def _refused(number: int, at_ms: int = _NOON_MS, **fields: Any) -> Fact:
    plain = Fact(
        number.to_bytes(16, "big"), Action.REFUSED, Basis.OBJECTION, "acme", None, None,
        Purpose.MARKETING, Channel.ALL, at_ms, SetBy.SOURCE, Precision.INSTANT, "Asia/Shanghai",
        False, 0, at_ms, None, None, HoldKind.UNKNOWN, "desk", Method.SPOKEN, "agent-7",
        ActorType.AGENT, "", True,
    )  # fmt: skip
    return plain._replace(**fields)


def _granted(number: int, at_ms: int, **fields: Any) -> Fact:
    grant = {"action": Action.GRANTED, "basis": Basis.UNKNOWN, "method": Method.APP}
    return _refused(number, at_ms, **{**grant, **fields})


def _held(number: int, at_ms: int = _NOON_MS, **fields: Any) -> Fact:
    hold = {"action": Action.HELD, "basis": Basis.UNKNOWN, "hold_kind": HoldKind.DISPUTE}
    return _refused(number, at_ms, **{**hold, **fields})


def _released(number: int, target: int, role: str) -> Fact:
    return _refused(
        number,
        _NOON_MS + 2 * _DAY_MS,
        action=Action.HOLD_RELEASED,
        basis=Basis.UNKNOWN,
        target=target.to_bytes(16, "big"),
        actor_role=role,
    )


_GRANT_NEXT_DAY = _granted(2, _NOON_MS + _DAY_MS)
_GRANT_BEFORE = _granted(2, _NOON_MS - _DAY_MS)
_NOT_NOW = _held(3, hold_kind=HoldKind.NOT_NOW, until_ms=_NOON_MS + 14 * _DAY_MS)
_SHORT_GRANT = _granted(4, _NOON_MS + _DAY_MS, until_ms=_NOON_MS + 2 * _DAY_MS)
_MIDNIGHT_MS = _NOON_MS - 12 * _HOUR_MS
_BY_DATE = _refused(
    1,
    occurred_at_ms=_MIDNIGHT_MS,
    precision=Precision.DAY,
    accepted_at_ms=_NOON_MS - 3 * _HOUR_MS,
)
_ENTITY_GRANT_BRAND_REFUSAL = (_granted(2, _NOON_MS - 1), _refused(1, brand="a"))

DECISIONS: Final = (
    Case("never seen, consent needed", None, "deny", ("no_basis",)),
    Case("never seen, no consent needed", None, "allow", basis_required=False),
    Case("refused", (_refused(1),), "deny", ("refused",)),
    Case("refused, and no consent would be needed", (_refused(1),), "deny", ("refused",),
         basis_required=False),
    Case("refused to another entity", (_refused(1, entity="beta"),), "deny", ("no_basis",)),
    Case("refused to the entity that this one took over", (_refused(1, entity="old"),), "deny",
         ("refused",), {"predecessors": ["old"]}, basis_required=False),
    Case("a grant to the entity that this one took over does not pass on",
         (_granted(2, _NOON_MS, entity="old"),), "deny", ("no_basis",), {"predecessors": ["old"]}),
    Case("marketing refused, service contact", (_refused(1),), "allow", (),
         {"purpose": "SERVICE"}, basis_required=False),
    Case("everything refused, service contact", (_refused(1, purpose=Purpose.ALL),), "deny",
         ("refused",), {"purpose": "SERVICE"}, basis_required=False),
    Case("two refusals: every one is a reason", (_refused(1), _refused(5, _NOON_MS + 1)), "deny",
         ("refused", "refused")),
    Case("refused, agreed the next day", (_refused(1), _GRANT_NEXT_DAY), "allow"),
    Case("agreed, refused the next day", (_GRANT_BEFORE, _refused(1)), "deny", ("refused",)),
    Case("refused and agreed at the same instant", (_refused(1), _granted(2, _NOON_MS)), "deny",
         ("refused",)),
    Case("agreed within the margin of the refusing source's clock",
         (_refused(1, margin_ms=300_000), _granted(2, _NOON_MS + 300_000)), "deny", ("refused",)),
    Case("agreed one millisecond after that margin",
         (_refused(1, margin_ms=300_000), _granted(2, _NOON_MS + 300_001)), "allow"),
    Case("a date-only refusal received that morning, agreed that afternoon",
         (_BY_DATE, _granted(2, _NOON_MS + _HOUR_MS)), "allow"),
    Case("refused on the phone, START by SMS: sms",
         (_refused(1), _granted(2, _NOON_MS + 1, channel=Channel.SMS, method=Method.KEYWORD)),
         "allow", (), {"channel": "SMS"}),
    Case("refused on the phone, START by SMS: voice",
         (_refused(1), _granted(2, _NOON_MS + 1, channel=Channel.SMS, method=Method.KEYWORD)),
         "deny", ("refused",)),
    Case("agreed for the entity, then refused brand a: brand a", _ENTITY_GRANT_BRAND_REFUSAL,
         "deny", ("refused",), {"brand": "a"}),
    Case("agreed for the entity, then refused brand a: brand b", _ENTITY_GRANT_BRAND_REFUSAL,
         "allow", (), {"brand": "b"}),
    Case("agreed for the entity, then refused brand a: no brand named",
         _ENTITY_GRANT_BRAND_REFUSAL, "deny", ("refused",)),
    Case("agreed for one brand, no brand named", (_granted(2, _NOON_MS, brand="a"),), "deny",
         ("no_basis",)),
    Case("a spoken grant that nobody approved",
         (_granted(2, _NOON_MS, method=Method.SPOKEN),), "deny", ("no_basis",)),
    Case("a grant without evidence", (_granted(2, _NOON_MS, has_evidence=False),), "deny",
         ("no_basis",)),
    Case("a grant dated in the future",
         (_granted(2, _NOON_MS, occurred_at_ms=_NOON_MS + _DAY_MS),), "deny", ("no_basis",)),
    Case("a grant that ended", (_SHORT_GRANT,), "deny", ("no_basis",)),
    Case("the later grant ended, an earlier one still runs", (_GRANT_BEFORE, _SHORT_GRANT),
         "allow", derived="deny"),
    Case("a dispute, then a grant", (_held(3), _GRANT_NEXT_DAY), "deny", ("held",)),
    Case("a dispute, released by compliance", (_held(3), _GRANT_NEXT_DAY,
         _released(4, 3, "compliance")), "allow"),
    Case("a dispute, released by somebody else", (_held(3), _GRANT_NEXT_DAY,
         _released(4, 3, "agent")), "deny", ("held",)),
    Case("a hold on every entity", (_held(3, entity="*", purpose=Purpose.ALL,
         hold_kind=HoldKind.UNDECODABLE), _GRANT_NEXT_DAY), "deny", ("held",)),
    Case("not now, and it is not yet then", (_GRANT_BEFORE, _NOT_NOW), "deny", ("held",),
         at_ms=_NOON_MS + _DAY_MS),
    Case("not now, at its end", (_GRANT_BEFORE, _NOT_NOW), "allow",
         at_ms=_NOON_MS + 14 * _DAY_MS),
    Case("not now, lifted by a later grant", (_NOT_NOW, _GRANT_NEXT_DAY), "allow",
         at_ms=_NOON_MS + 3 * _DAY_MS, derived="deny"),
    Case("not now for a year ends after 30 days",
         (_GRANT_BEFORE, _NOT_NOW._replace(until_ms=_NOON_MS + 365 * _DAY_MS)), "allow",
         at_ms=_NOON_MS + 30 * _DAY_MS),
    Case("one id, a refusal and a grant: conflict",
         (_refused(7), _granted(7, _NOON_MS + _DAY_MS), _granted(2, _NOON_MS + 2 * _DAY_MS)),
         "deny", ("held",)),
    Case("overflow", (), "deny", ("overflow",), overflow=True),
)  # fmt: skip
