"""The one plain confirmation of a refusal by SMS: nothing is offered, asked or sold in it."""

from __future__ import annotations

import re
from typing import Final

from consentlog.domain.vocabulary import Action
from producers.outcome import Outcome

CONFIRMATIONS: Final = {
    "zh": "已退订，不再向您拨打营销电话。",
    "en": "You are unsubscribed. You will get no more marketing calls or messages.",
}
"""The Chinese text is that of rules of refusal 11."""

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_CHINA: Final = "+86"


def confirmation_of(outcome: Outcome, text: str) -> str | None:
    """Return what a person who refused is told.

    Args:
        outcome: What became of the message.
        text: The message, whose language is answered in; a Chinese number is answered in Chinese.

    Returns:
        The confirmation, or None for all that was not recorded as a refusal: of a hold that a
        person must look at nobody can say yet what it is.
    """
    event = outcome.event
    if event is None or event.fact.action is not Action.REFUSED:
        return None
    is_chinese = event.subject.startswith(_CHINA) or _HAN.search(text) is not None
    return CONFIRMATIONS["zh" if is_chinese else "en"]
