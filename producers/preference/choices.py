"""What the buttons of the preference page mean: a purpose and a channel each."""

from __future__ import annotations

from typing import Final, NamedTuple

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Channel, Purpose


class Part(NamedTuple):
    """One line of the page: a purpose and a channel."""

    purpose: Purpose
    channel: Channel

    @property
    def id(self) -> str:
        """Its name in forms and in the wording, for example `marketing-voice`."""
        return f"{self.purpose}-{self.channel}"

    def scope(self, entity: str) -> Scope:
        """Return the scope of this part at an entity."""
        return Scope(entity, None, None, self.purpose, self.channel)


PARTS: Final = tuple(
    Part(purpose, channel)
    for purpose in (Purpose.MARKETING, Purpose.SERVICE)
    for channel in (Channel.VOICE, Channel.SMS)
)
"""Every line of the page, in order."""

_WIDE: Final = {
    "marketing": Part(Purpose.MARKETING, Channel.ALL),
    "everything": Part(Purpose.ALL, Channel.ALL),
}
_ALL: Final = {part.id: part for part in PARTS} | _WIDE


def part_of(choice: str) -> Part | None:
    """Return what a button's value means; None for a word that no button has."""
    return _ALL.get(choice)


def refused_by(choice: str, link: Scope) -> Scope:
    """Return what a pressed button refuses.

    A mail program's one click names nothing, and a form that was tampered with names nonsense:
    both refuse what the link was made for.

    Args:
        choice: Value of the button; empty if none was pressed.
        link: Scope that the link was sealed with.
    """
    part = part_of(choice)
    return link if part is None else part.scope(link.entity)
