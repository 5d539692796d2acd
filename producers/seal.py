"""Seals small texts that leave the gateway and come back: links, sessions.

What was sealed for one use cannot be opened for another, though the keys are the same: the use and
the key's id are bound into the seal.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12
_NOBODYS_KEY: Final = os.urandom(32)
_MAX_TOKEN: Final = 1024


class Sealer:
    """Seals with one key and opens with all.

    Args:
        use: What the tokens are for, with the version of what is in them.
        active: Id of the key that seals.
        keys: 32 bytes each by key id; a key that is taken out ends its tokens.
    """

    def __init__(self, use: str, active: str, keys: Mapping[str, bytes]) -> None:
        self._use = use
        self._active = active
        self._keys = dict(keys)

    def seal(self, plain: bytes) -> str:
        """Seal a text.

        Returns:
            `<key id>.<base64url>`; different each time, nothing of the text is visible in it.

        Source: NIST SP 800-38D (AES-GCM, random 96-bit nonces).
        """
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._keys[self._active]).encrypt(nonce, plain, self._bound(self._active))
        text = base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()
        return f"{self._active}.{text}"

    def open(self, token: str) -> bytes | None:
        """Open a token.

        Returns:
            The text, or None for every token that was not sealed here for this use, whatever is
            wrong with it: the answer tells a forger nothing.
        """
        key_id, _, text = token[:_MAX_TOKEN].partition(".")
        key = self._keys.get(key_id, _NOBODYS_KEY)
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            nonce, sealed = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, sealed, self._bound(key_id))
        except (InvalidTag, ValueError, binascii.Error):
            return None

    def _bound(self, key_id: str) -> bytes:
        return f"{self._use}:{key_id}".encode()
