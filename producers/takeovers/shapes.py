"""What `/v1/takeovers` takes and answers."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, JsonValue

from consentlog.http.described import Answers, json_answer, problems
from producers.openapi import ACCEPTED, REJECTED, results
from producers.request import Shape
from producers.takeovers.manifest import MAX_ROWS, Manifest
from producers.takeovers.row import TakeoverRow


class BatchSent(Shape):
    """Rows of an approved list; each is read by itself, so that one cannot cost the others."""

    manifest: Manifest
    batch: Annotated[int, Field(ge=0)]
    rows: Annotated[list[JsonValue], Field(min_length=1, max_length=MAX_ROWS)]


class BatchShown(BatchSent):
    """The same, as it is described: the manifest that was approved, the place of the batch in it.

    `rows` are exactly those whose digest stands there.
    """

    rows: Annotated[list[TakeoverRow], Field(min_length=1, max_length=MAX_ROWS)]  # type: ignore[assignment]  # narrower, for readers


_KEY_CODES: Final = ("CL-1101", "CL-1102", "CL-1103", "CL-1109", "CL-1801", "CL-1809")
_SENT_CODES: Final = (*_KEY_CODES, "CL-1001", "CL-1002", "CL-1401", "CL-1402")
_HEX: Final = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_STANDING: Final = {
    "title": "Takeover",
    "type": "object",
    "properties": {
        "takeover_id": {**_HEX, "description": "of the list, and of its case"},
        "status": {"enum": ["waiting", "approved", "declined"]},
        "decided_by": {"type": "string"},
        "decided_at": {"type": "string", "format": "date-time"},
    },
    "required": ["takeover_id", "status"],
    "additionalProperties": False,
}

PROPOSED: Final[Answers] = {
    202: json_answer("The case is durable, or was there already.", _STANDING),
    **problems(*_SENT_CODES, "CL-1104", "CL-1901"),
}
"""What a proposal is answered."""
STANDS: Final[Answers] = {
    200: json_answer("As the log has it.", _STANDING),
    **problems(*_KEY_CODES, "CL-1001", "CL-1902"),
}
"""What a question is answered."""
TAKEN: Final[Answers] = {
    202: json_answer("Every consent is durable: in the log, or spooled.", results(ACCEPTED)),
    207: json_answer(
        "Some or all rows were refused; the others are durable.", results(ACCEPTED, REJECTED)
    ),
    **problems(
        *_SENT_CODES,
        *("CL-1903", "CL-1904", "CL-1905", "CL-1906", "CL-1907"),
    ),
}
"""What a batch is answered."""
