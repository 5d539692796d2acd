"""One press of a button as the act that it is: the gateway's clock, the person's own words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Literal

from starlette.requests import Request

from consentlog.domain.scope import Scope
from producers.draft import Reception
from producers.request import ActorIn, EventIn, EvidenceIn, ScopeIn

_MAX_AGENT: Final = 512


@dataclass(frozen=True, slots=True)
class Press:
    """A press: whose, of what, told apart from another by `nonce`.

    `by` is who pressed, as far as that is known: nobody logs in to a page. `verbatim` is the text
    of the consent as it was shown, `text_version` its version, `proof` what showed that the number
    is theirs, `region` the ISO 3166 one of a number without country code.
    """

    subject: str
    scope: Scope
    nonce: str
    region: str | None = None
    method: Literal["web", "app"] = "web"
    by: str = "subject"
    ip: str | None = None
    user_agent: str | None = None
    verbatim: str | None = None
    text_version: str | None = None
    language: str | None = None
    proof: str | None = None

    def event(self, action: Literal["refused", "granted"]) -> EventIn:
        """Return the act as it is stated to the acceptor."""
        return EventIn(
            number=self.subject,
            region=self.region,
            action=action,
            scope=ScopeIn.model_validate(_fields(self.scope)),
            nonce=self.nonce,
            method=self.method,
            actor=ActorIn(id=self.by, type="person"),
            evidence=EvidenceIn(
                verbatim=self.verbatim,
                language=self.language,
                source_system=self.proof,
                consent_text_version=self.text_version,
                ip=self.ip,
                user_agent=self.user_agent,
            ),
        )

    def reception(self, *, is_chosen: bool) -> Reception:
        """Return how it came in: now, and perhaps with a purpose that the person chose."""
        payload = json.dumps([self.subject, *self.scope], ensure_ascii=False).encode()
        return Reception(payload, is_now=True, is_chosen=is_chosen)


def origin_of(request: Request) -> tuple[str | None, str | None]:
    """Return address and user agent of whoever pressed, for the evidence."""
    agent = request.headers.get("user-agent")
    return request.client.host if request.client else None, agent[:_MAX_AGENT] if agent else None


def _fields(scope: Scope) -> dict[str, str | None]:
    return {
        "entity": scope.entity,
        "brand": scope.brand,
        "campaign": scope.campaign,
        "purpose": scope.purpose.value,
        "channel": scope.channel.value,
    }
