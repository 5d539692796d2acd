"""One text message as a vendor pushes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from consentlog.words import Verdict


def _as_text(value: object) -> object:
    """Ids and numbers come as a string, a number or a double, depending on the vendor's page."""
    if isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


def _as_text_or_none(value: object) -> object:
    """Take what is no text for absent: a field that only helps must not cost a refusal."""
    text = _as_text(value)
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else None


Text = Annotated[str, BeforeValidator(_as_text)]
Hint = Annotated[str | None, BeforeValidator(_as_text_or_none)]


class Message(BaseModel):
    """A message from a person; fields that the vendor adds later are not ours to refuse.

    `send_time` is local text without a zone; `dest_code` the number that it was sent to,
    `sign_name` the signature of the message that it answers.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    phone_number: Annotated[Text, Field(max_length=256)]
    content: Annotated[Text, Field(max_length=8192)]
    send_time: Hint = None
    dest_code: Hint = None
    sequence_id: Hint = None
    sign_name: Hint = None

    @property
    def nonce(self) -> str | None:
        """What makes this message one act, or None if nothing does.

        The sequence id alone may have lost digits (a double), so text and time stand beside it.
        """
        if not self.sequence_id and not self.send_time:
            return None
        digest = hashlib.sha256()
        for part in (self.sequence_id, self.send_time, self.content, self.dest_code):
            digest.update((part or "").encode() + b"\x00")
        return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Pushed:
    """A message with what only some vendors say of it.

    `vendor_says` is what the vendor itself took it for: it can make a refusal of it, and never a
    consent. `is_now` = the vendor pushes at once and never later, so the push is the act's time.
    """

    message: Message
    vendor_says: Verdict | None = None
    is_now: bool = False
