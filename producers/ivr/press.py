"""A press of digits in a phone menu as the phone computer states it: shape only."""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import Field

from producers.request import Name, Ref, Shape, Short


class IvrPress(Shape):
    """What one person pressed in one menu of one call.

    `number` may be missing: callers can withhold it. `menu` is an id of the registry, `choice` what
    was pressed, `call_id` the phone computer's own name of the call, `org` who runs it. What the
    digits mean is the registry's to say, never the caller's.
    """

    number: Annotated[str, Field(max_length=256)] | None = None
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    menu: Name
    choice: Annotated[str, Field(pattern=r"^[0-9*#A-D]{1,16}$")]
    call_id: Ref
    occurred_at: Short | None = None
    zone: Short | None = None
    recorded_at: Short | None = None
    org: Short | None = None

    @property
    def nonce(self) -> str:
        """What makes this press one act: told again it is the same, another digit is another."""
        digest = hashlib.sha256()
        for part in (self.menu, self.choice, self.call_id):
            digest.update(part.encode() + b"\x00")
        return digest.hexdigest()[:32]
