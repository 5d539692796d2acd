"""Encodings of immutable records, remembered for as long as the same object comes again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Remembered:
    """Bytes by object; emptied when full.

    Keeps the object beside its bytes, so that no other object can get its id. A decoder may `keep`
    the bytes that it read an object from: whoever encodes the object has nothing left to do.

    Args:
        most: Objects kept at the most.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[int, tuple[Any, bytes]] = {}

    def keep(self, value: Any, encoded: bytes) -> None:
        """Remember one encoding."""
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[id(value)] = value, encoded

    def before(self, encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
        """Return an encoder that asks `encode` only for what is not remembered."""
        known, keep = self._known, self.keep

        def remembering(value: Any) -> bytes:
            found = known.get(id(value))
            if found is not None and found[0] is value:
                return found[1]
            encoded = encode(value)
            keep(value, encoded)
            return encoded

        return remembering
