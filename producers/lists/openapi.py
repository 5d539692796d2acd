"""Describes `POST /v1/imports`, which is read by hand, in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from consentlog.http.described import Answers, json_answer, problems
from producers.lists.shapes import ImportRequest
from producers.openapi import ACCEPTED, EVENTS_HEADERS, REJECTED, inlined, of_line

_COUNT: Final = {"type": "integer", "minimum": 0}


def _answer(*lines: dict[str, Any]) -> dict[str, Any]:
    results = {
        "type": "array",
        "description": "rows that are not plain (refused, held, in review, late by their clock) or"
        " were asked after in `tell`, in order",
        "items": {"oneOf": [of_line(line) for line in lines]},
    }
    return {
        "title": "Rows",
        "type": "object",
        "properties": {
            "accepted": {**_COUNT, "description": "rows that are recorded"},
            "rejected": {**_COUNT, "description": "rows that are not; each is in `results`"},
            "spooled": {
                **_COUNT,
                "description": "of those recorded: on this gateway's disk, on their way to the log",
            },
            "results": results,
        },
        "required": ["accepted", "rejected", "spooled", "results"],
        "additionalProperties": False,
    }


IMPORTS_ANSWERS: Final[Answers] = {
    202: json_answer("Durable, every row: in the log, or spooled for it.", _answer(ACCEPTED)),
    207: json_answer(
        "Some or all rows were refused; the others are durable.", _answer(ACCEPTED, REJECTED)
    ),
    **problems(
        *("CL-1001", "CL-1002", "CL-1101", "CL-1102", "CL-1103", "CL-1105", "CL-1401", "CL-1402")
    ),
}
"""What `POST /v1/imports` answers."""

IMPORTS_HEADERS: Final = [one for one in EVENTS_HEADERS if one["name"] != "Idempotency-Key"]
"""Headers that it reads: a row names its own act, so no key has to."""

_SCHEMA: Final = ImportRequest.model_json_schema()
IMPORTS_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": inlined(_SCHEMA, _SCHEMA.get("$defs", {}))},
        },
    }
}
"""Its `requestBody`."""
