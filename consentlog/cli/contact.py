"""A contact and an instant as a user writes them: `entity=acme,purpose=marketing,channel=voice`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import typer

from consentlog.domain.facts import are_names
from consentlog.domain.registry import Resolution
from consentlog.domain.scope import Contact
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.wire.instants import read_instant

_NAMES: Final = ("entity", "brand", "campaign", "purpose", "channel")
_PURPOSES: Final = (Purpose.MARKETING.value, Purpose.SERVICE.value)
_CHANNELS: Final = (Channel.VOICE.value, Channel.SMS.value)


class Asked(NamedTuple):
    """What the user named; `purpose` is None where nothing was said."""

    entity: str
    brand: str | None
    campaign: str | None
    purpose: Purpose | None
    channel: Channel

    @property
    def as_given(self) -> Contact:
        """The contact as named; without a purpose it is marketing."""
        return Contact(
            self.entity, self.purpose or Purpose.MARKETING, self.channel, self.brand, self.campaign
        )


def read_contact(text: str) -> Asked:
    """Read `--contact`.

    Raises:
        typer.BadParameter: Naming what is unknown, missing, or given twice.
    """
    given: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (one.strip() for one in part.partition("="))
        if name not in _NAMES or not equals:
            raise _wrong(f"{name!r} is none of {', '.join(_NAMES)}, each as name=value")
        if name in given:
            raise _wrong(f"{name} is given twice")
        if not value or value == "*" or not are_names(value):
            raise _wrong(f"{name} must be a name of 1 to 32 printable ASCII characters, not *")
        given[name] = value
    _check_words(given)
    purpose = given.get("purpose")
    return Asked(
        given["entity"],
        given.get("brand"),
        given.get("campaign"),
        None if purpose is None else Purpose(purpose),
        Channel(given["channel"]),
    )


def _check_words(given: Mapping[str, str]) -> None:
    for name in ("entity", "channel"):
        if name not in given:
            raise _wrong(f"{name} is missing")
    if given["channel"] not in _CHANNELS:
        raise _wrong("channel is voice or sms: a contact is made in one way")
    if given.get("purpose", _PURPOSES[0]) not in _PURPOSES:
        raise _wrong("purpose is marketing or service: a contact has one aim")


def read_at(text: str) -> int:
    """Read `--at`; digits beyond the millisecond are cut off.

    Returns:
        Ms UTC.

    Raises:
        typer.BadParameter: If it is not RFC 3339 with an offset.
    """
    try:
        at_ms, _ = read_instant(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--at") from exc
    return at_ms


def resolve(asked: Asked, registry_file: Path | None, at_ms: int) -> Resolution:
    """Turn what the user named into a contact.

    Args:
        asked: What was named.
        registry_file: Checks the names and says what the campaign is for; None takes all as given.
        at_ms: Instant of the contact, ms UTC.

    Raises:
        FatalError: `CL-6060` or `CL-6061` if the registry cannot be used.
    """
    if registry_file is None:
        return Resolution(asked.as_given)
    from consentlog.reference.load import load_registry  # pydantic, only where it is needed

    registry = load_registry(registry_file)
    return registry.resolve(asked.entity, asked.brand, asked.campaign, asked.channel, at_ms)


def _wrong(reason: str) -> typer.BadParameter:
    return typer.BadParameter(reason, param_hint="--contact")
