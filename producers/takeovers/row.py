"""One documented consent as it is stated, and the event that it becomes."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from producers.request import ActorIn, EventIn, EvidenceIn, Name, Ref, ScopeIn, Shape, Short

SPOKEN: Final = "spoken"
_NOT_BLANK: Final = r"\S"
_OFFSET: Final = re.compile(r"(?:Z|[+-]\d\d:\d\d)$", re.ASCII)


class TakeoverRow(Shape):
    """A consent that a person gave elsewhere, with what proves it.

    `occurred_at` needs an offset, or a `zone` beside it: a zone of the source is not the older
    system's. `evidence_ref` names the record there and makes the consent one act. A spoken consent
    is no row of a list: each needs its own second person.
    """

    number: Annotated[str, Field(min_length=1, max_length=256)]
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    method: Literal["web", "app", "form", "keyword"]
    occurred_at: Short
    zone: Short | None = None
    precision: Literal["instant", "minute", "day"] = "instant"
    consent_text_version: Annotated[str, Field(max_length=512, pattern=_NOT_BLANK)]
    evidence_ref: Annotated[Ref, Field(pattern=_NOT_BLANK)]
    brand: Name | None = None
    campaign: Name | None = None
    purpose: Literal["marketing", "service", "all"] | None = None
    channel: Literal["voice", "sms", "all"]
    until: Short | None = None
    verbatim: Annotated[str, Field(max_length=8192)] | None = None

    @model_validator(mode="after")
    def _has_zone(self) -> Self:
        if self.zone is None and not _OFFSET.search(self.occurred_at.strip()):
            raise ValueError("occurred_at needs an offset, or a zone beside it")
        return self

    @model_validator(mode="after")
    def _opens_what_it_can_be_taken_to_mean(self) -> Self:
        # A keyword opens marketing by text (rules of refusal 5), here as at the vendors' doors.
        is_narrow = self.channel == "sms" and self.purpose in (None, "marketing")
        if self.method == "keyword" and not is_narrow:
            raise ValueError("a keyword is consent to marketing by sms only")
        return self

    def event(self, entity: str, list_name: str, actor: str, by: str) -> EventIn:
        """Return the consent as it is stated to the acceptor.

        Args:
            entity: Whom the list is of.
            list_name: Where the consent comes from.
            actor: Id of whoever takes the list over.
            by: By which approval, for the evidence.
        """
        return EventIn(
            number=self.number,
            region=self.region,
            action="granted",
            scope=ScopeIn(
                entity=entity,
                brand=self.brand,
                campaign=self.campaign,
                purpose=self.purpose,
                channel=self.channel,
            ),
            occurred_at=self.occurred_at,
            precision=self.precision,
            zone=self.zone,
            source_ref=self.evidence_ref,
            until=self.until,
            method=self.method,
            actor=ActorIn(id=actor, type="system"),
            evidence=EvidenceIn(
                verbatim=self.verbatim,
                source_system=by,
                consent_text_version=self.consent_text_version,
                data_source=list_name,
            ),
        )
