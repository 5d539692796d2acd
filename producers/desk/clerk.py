"""Who sits at the desk: the holder of an API key of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from consentlog.http.auth import Principal
from producers.request import ActorIn

DESK: Final = "desk:use"
"""The scope without which a key opens no desk."""


@dataclass(frozen=True, slots=True)
class Clerk:
    """A clerk; the id of the key is the clerk's, for nobody else has it."""

    principal: Principal

    @property
    def id(self) -> str:
        """Who it is, in every event that they record."""
        return self.principal.key_id

    @property
    def actor_type(self) -> Literal["agent", "staff"]:
        """An agent on the phone; else staff."""
        return "agent" if self.principal.source.kind == "phone" else "staff"

    @property
    def actor(self) -> ActorIn:
        """Who recorded it, with the role that the key carries."""
        role = min(self.principal.roles, default=None)
        return ActorIn(id=self.id, type=self.actor_type, role=role)

    def may(self, scope: str) -> bool:
        """Tell whether the key may do something; corrections are acts of staff (rules 2)."""
        is_barred = scope == "corrections:write" and self.actor_type != "staff"
        return scope in self.principal.scopes and not is_barred
