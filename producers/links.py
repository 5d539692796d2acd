"""Sealed refusal links: whose number, and what is refused, in a token that nobody else can make.

A link can only refuse, so a link that staff or a message carries can never become consent. It does
not expire: a person may refuse with an old message in hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Channel, Purpose
from producers.seal import Sealer

_USE: Final = "consentlog-link-1"


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """What a link says."""

    subject: str
    scope: Scope


class LinkSealer:
    """Seals with one key and opens with all.

    Args:
        active: Id of the key that seals.
        keys: 32 bytes each by key id; a key that is taken out ends its links.
    """

    def __init__(self, active: str, keys: Mapping[str, bytes]) -> None:
        self._sealer = Sealer(_USE, active, keys)

    def mint(self, subject: str, scope: Scope) -> str:
        """Seal a link.

        Args:
            subject: E.164.
            scope: What the link refuses.

        Returns:
            `<key id>.<base64url>`; different each time, the number is not visible in it.
        """
        return self._sealer.seal(json.dumps([subject, *scope], separators=(",", ":")).encode())

    def open(self, token: str) -> LinkTarget | None:
        """Open a link.

        Returns:
            What it says, or None for every token that was not sealed here, whatever is wrong with
            it: the answer tells a forger nothing.
        """
        plain = self._sealer.open(token)
        if plain is None:
            return None
        subject, entity, brand, campaign, purpose, channel = json.loads(plain)
        scope = Scope(entity, brand, campaign, Purpose(purpose), Channel(channel))
        return LinkTarget(subject, scope)
