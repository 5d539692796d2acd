"""Sealed refusal links: whose number, and what is refused, in a token that nobody else can make.

A link can only refuse, so a link that staff or a message carries can never become consent. It does
not expire: a person may refuse with an old message in hand.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Channel, Purpose

_VERSION: Final = b"consentlog-link-1:"
_NONCE_BYTES: Final = 12
_NOBODYS_KEY: Final = os.urandom(32)
_MAX_TOKEN: Final = 1024


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
        self._active = active
        self._keys = dict(keys)

    def mint(self, subject: str, scope: Scope) -> str:
        """Seal a link.

        Args:
            subject: E.164.
            scope: What the link refuses.

        Returns:
            `<key id>.<base64url>`; different each time, the number is not visible in it.

        Source: NIST SP 800-38D (AES-GCM, random 96-bit nonces).
        """
        nonce = os.urandom(_NONCE_BYTES)
        plain = json.dumps([subject, *scope], separators=(",", ":")).encode()
        sealed = AESGCM(self._keys[self._active]).encrypt(nonce, plain, _bound(self._active))
        text = base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()
        return f"{self._active}.{text}"

    def open(self, token: str) -> LinkTarget | None:
        """Open a link.

        Returns:
            What it says, or None for every token that was not sealed here, whatever is wrong with
            it: the answer tells a forger nothing.
        """
        key_id, _, text = token[:_MAX_TOKEN].partition(".")
        key = self._keys.get(key_id, _NOBODYS_KEY)
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            nonce, sealed = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
            plain = AESGCM(key).decrypt(nonce, sealed, _bound(key_id))
        except (InvalidTag, ValueError, binascii.Error):
            return None
        subject, entity, brand, campaign, purpose, channel = json.loads(plain)
        scope = Scope(entity, brand, campaign, Purpose(purpose), Channel(channel))
        return LinkTarget(subject, scope)


def _bound(key_id: str) -> bytes:
    return _VERSION + key_id.encode()
