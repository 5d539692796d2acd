"""What an app's back end asks and states, and what it is answered."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from producers.preference.standing import Standing
from producers.request import Name, Ref, Shape, Short

_KEY_CODES: Final = ("CL-1101", "CL-1102", "CL-1103", "CL-1104", "CL-1605", "CL-1001")
ASK_CODES: Final = (*_KEY_CODES, "CL-1109", "CL-1203")
"""What both requests can be answered with."""
ACT_CODES: Final = ("CL-1002", "CL-1204", "CL-1206", "CL-1207", "CL-1208", "CL-1401", "CL-1402")
"""What only a press can be answered with."""
_STATES: Final = [state.value.replace("-", "_") for state in Standing]
_TOKEN: Final = r"^(?:[0-9]|1[01]):[0-9]{1,18}$"  # noqa: S105  # a place in the log


class AppPress(Shape):
    """What a logged-in user of the number pressed in the app.

    `user` is the app's own id of the user; `nonce` names the press, so that the same press sent
    again is one act. For `granted`, `consent_text` is what the user read and `text_version` its
    version.
    """

    number: Annotated[str, Field(max_length=256)]
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    action: Literal["refused", "granted"]
    entity: Name
    purpose: Literal["marketing", "service", "all"]
    channel: Literal["voice", "sms", "all"]
    user: Name
    nonce: Ref
    consent_text: Annotated[str, Field(min_length=1, max_length=8192)] | None = None
    text_version: Short | None = None
    language: Short | None = None
    ip: Short | None = None
    user_agent: Short | None = None


class AppAsk(BaseModel):
    """Query parameters of the question how things stand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity: Name
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    seen: Annotated[str, Field(pattern=_TOKEN)] | None = Field(
        None, description="token of a press that the answer must include"
    )


_HEX: Final = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
TAKEN: Final = {
    "title": "Pressed",
    "type": "object",
    "properties": {
        "event_id": _HEX,
        "token": {"type": "string", "pattern": "^[0-9]+:[0-9]+$"},
        "durability": {"const": "spooled"},
        "review_id": _HEX,
    },
    "required": ["event_id"],
    "oneOf": [{"required": ["token"]}, {"required": ["durability"]}],
    "additionalProperties": False,
}
"""What a press is answered."""
SHOWN: Final = {
    "title": "Preferences",
    "type": "object",
    "properties": {
        "entity": {"type": "string"},
        "preferences": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "purpose": {"enum": ["marketing", "service"]},
                    "channel": {"enum": ["voice", "sms"]},
                    "state": {"enum": _STATES},
                },
                "required": ["purpose", "channel", "state"],
            },
        },
    },
    "required": ["entity", "preferences"],
}
"""What a question is answered."""
