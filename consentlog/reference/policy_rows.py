"""What a row of `policy.toml` may hold; which fields may narrow it depends on its `what`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from consentlog.domain.hours import Hours
from consentlog.domain.policy import ANYWHERE, Value, What, is_value
from consentlog.reference.rows import DatedRow, Name, Region, check_region

_CLOCK: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")

_NARROWED_BY: Final[Mapping[str, frozenset[str]]] = {
    What.BASIS_REQUIRED: frozenset({"entity", "purpose"}),
    What.CALLING_HOURS: frozenset({"entity", "purpose", "channel"}),
    What.GRANT_MAX_AGE: frozenset({"entity", "purpose", "channel"}),
    What.HONOUR_WITHIN: frozenset({"entity"}),
    What.RETENTION: frozenset(),
    What.NOT_NOW_MAX: frozenset({"entity"}),
}

_EXPECTED: Final[Mapping[str, str]] = {
    What.BASIS_REQUIRED: "true or false",
    What.CALLING_HOURS: 'hours in which calls are allowed, { opens = "09:00", closes = "21:00" }',
    What.GRANT_MAX_AGE: "whole days, at least 1",
    What.HONOUR_WITHIN: "whole days, 0 for at once",
    What.RETENTION: "whole days, at least 1",
    What.NOT_NOW_MAX: "whole days, 1 to 30",
}


def _check_what(text: str) -> What:
    try:
        return What(text)
    except ValueError:
        raise ValueError(f"{text} is unknown; known: {', '.join(What)}") from None


def _check_jurisdiction(text: str) -> str:
    return text if text == ANYWHERE else check_region(text)


class PolicyFields(DatedRow):
    """What legal and deployment rows share; `entity`, `purpose` and `channel` narrow the row."""

    id: Name
    what: Annotated[str, AfterValidator(_check_what)]
    value: Any
    from_: AwareDatetime = Field(alias="from")
    entity: Name | None = None
    purpose: Literal["marketing", "service"] | None = None
    channel: Literal["voice", "sms", "all"] | None = None

    @model_validator(mode="after")
    def _fits(self) -> PolicyFields:
        prescribed_by(self.what, self.value)
        named = {name for name in ("entity", "purpose", "channel") if getattr(self, name)}
        if strange := sorted(named - _NARROWED_BY[self.what]):
            raise ValueError(f"{self.what} cannot be narrowed by {', '.join(strange)}")
        return self


class LegalRow(PolicyFields):
    """`[[legal]]`: what the law of one jurisdiction asks for, with its citation."""

    jurisdiction: Region
    citation: str = Field(min_length=1)
    confidence: Literal["primary", "secondary", "draft"]


class DeploymentRow(PolicyFields):
    """`[[deployment]]`: what this deployment chose, with its reason; never looser than the law."""

    jurisdiction: Annotated[str, AfterValidator(_check_jurisdiction)]
    reason: str = Field(min_length=1)


def prescribed_by(what: str, written: object) -> Value:
    """Read what a row prescribes.

    Args:
        what: A word of `What`.
        written: As TOML gave it: a boolean, whole days, or a table of two times of the day.

    Raises:
        ValueError: If it is not what `what` asks for; a window across midnight among them.
    """
    value = _hours(written) if isinstance(written, dict) else written
    if not isinstance(value, (int, Hours)) or not is_value(What(what), value):
        raise ValueError(f"value: {what} takes {_EXPECTED[what]}")
    return value


def _hours(written: Mapping[str, object]) -> Hours:
    if set(written) != {"opens", "closes"}:
        raise ValueError("value: hours are `opens` and `closes`")
    opens, closes = _minute(written["opens"]), _minute(written["closes"])
    if opens >= closes:
        raise ValueError(
            "value: `opens` must lie before `closes`; no window crosses midnight: the law says when"
            " not to call, this row says when calls are allowed"
        )
    return Hours(opens, closes)


def _minute(written: object) -> int:
    found = _CLOCK.fullmatch(written) if isinstance(written, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found else -1
    if not 0 <= minute <= 1440:
        raise ValueError(f'value: {written!r} is no time of the day, "00:00" to "24:00"')
    return minute
