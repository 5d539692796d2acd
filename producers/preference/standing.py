"""How things stand for one line of the preference page, as the gate tells it.

The gateway keeps no state, so it asks; who answers is behind `CurrentState`. Nothing is decided
here: verdicts are the gate's, and they are only counted up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol, TypeAlias

from consentlog.ports import Position
from producers.preference.choices import PARTS, Part


class Standing(StrEnum):
    """What may happen on one line; values are keys of the wording and classes of the style."""

    OPEN = "open"
    PARTLY = "partly"
    REFUSED = "refused"
    HELD = "held"
    NO_CONSENT = "no-consent"
    UNKNOWN = "unknown"


Standings: TypeAlias = Mapping[Part, Standing]
"""Lines on which no contact can take place at all are not in it."""


class CurrentState(Protocol):
    """Tells how things stand."""

    async def standings(self, subject: str, entity: str, after: Position | None) -> Standings:
        """Tell how every line stands for one person and one entity.

        Args:
            subject: E.164.
            entity: Registry id.
            after: A write that the answer must include; None if any answer will do.

        Returns:
            By line; `UNKNOWN` where nobody can say right now. Never raises for want of an answer.
        """
        ...

    async def close(self) -> None:
        """Close what is open towards whoever answers."""
        ...


class NobodyKnows:
    """A deployment whose gateway was not told where the gate is."""

    async def standings(self, subject: str, entity: str, after: Position | None) -> Standings:
        """Say that nothing is known."""
        return dict.fromkeys(PARTS, Standing.UNKNOWN)

    async def close(self) -> None:
        """There is nothing to close."""


def overall(found: Sequence[Standing]) -> Standing:
    """Tell how a line stands, from how every contact that it can mean stands.

    *Refused* is said only where every one of them is: a person who reads it would press no further,
    and a refusal of one brand leaves the others.

    Args:
        found: At least one.
    """
    kinds = set(found)
    if Standing.UNKNOWN in kinds:
        return Standing.UNKNOWN
    if len(kinds) == 1:
        return found[0]
    if Standing.OPEN in kinds:
        return Standing.PARTLY
    return Standing.NO_CONSENT if Standing.NO_CONSENT in kinds else Standing.HELD
