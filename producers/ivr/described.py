"""What `/v1/ivr` tells about itself in `/openapi.json`."""

from __future__ import annotations

from typing import Final

from consentlog.http.described import Answers, json_answer, problems
from producers.openapi import ACCEPTED

_RECEIVED: Final = {
    "title": "Received",
    "description": "The menu says that this digit asks for nothing: kept, and nothing changed.",
    "type": "object",
    "properties": {"status": {"const": "received"}},
    "required": ["status"],
    "additionalProperties": False,
}

IVR_ANSWERS: Final[Answers] = {
    202: json_answer(
        "Durable: in the log, or spooled for it. `held`: nobody knows what the digit means.",
        {"oneOf": [ACCEPTED, _RECEIVED]},
    ),
    **problems(
        *("CL-1001", "CL-1002", "CL-1101", "CL-1102", "CL-1103", "CL-1104"),
        *("CL-1203", "CL-1208", "CL-1401", "CL-1402"),
    ),
}
"""What a press is answered."""
