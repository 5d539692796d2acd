"""The schemas of this package at the read paths of Confluent's registry, for its clients.

Read-only, from package data: what is on the log can be decoded by any client that knows a
registry's address. No key is needed; a schema holds nothing of anybody.

Source: Confluent Schema Registry API reference (paths, media type, error codes 40401 to 40403 and
42202); tested on its shapes, not with a registry beside it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from consentlog.http.described import Answers, problems
from consentlog.observability.masking import mask_text
from consentlog.wire.schemas import PinnedSchema, pinned
from producers.limits import RateLimit

MEDIA_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_LATEST: Final = "latest"
_MAX_VERSION: Final = 2**31 - 1
_READERS: Final = "readers of schemas"
"""They carry no key, so one rate is for all of them."""


class _RegistryJson(Response):
    media_type = MEDIA_TYPE


class SchemasChannel:
    """The registry's read paths.

    Args:
        limit: How fast all readers together may ask.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._by_subject: dict[str, dict[int, PinnedSchema]] = {}
        for row in pinned().values():
            self._by_subject.setdefault(row.subject, {})[row.version] = row

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["schemas"], dependencies=[Depends(self._check_rate)])
        for path, summary, handler, answers in (
            ("/subjects", "Every subject", self.subjects, _answers(_NAMES)),
            (
                "/subjects/{subject}/versions",
                "Every version of a subject",
                self.versions,
                _answers(_NUMBERS, 40401),
            ),
            (
                "/subjects/{subject}/versions/{version}",
                "One version of a subject",
                self.version,
                _answers(_VERSION, 40401, 40402, 42202),
            ),
            (
                "/schemas/ids/{schema_id}",
                "A schema by its id",
                self.schema,
                _answers(_SCHEMA, 40403),
            ),
        ):
            router.add_api_route(
                path,
                handler,
                methods=["GET"],
                summary=summary,
                response_class=_RegistryJson,
                responses=answers,
            )
        return router

    async def subjects(self) -> Response:
        """Name every subject."""
        return _found(sorted(self._by_subject))

    async def versions(self, subject: str) -> Response:
        """Name every version of a subject; 40401 if there is no such subject."""
        known = self._by_subject.get(subject)
        if known is None:
            return _missing(40401, f"Subject '{mask_text(subject)}' not found.")
        return _found(sorted(known))

    async def version(self, subject: str, version: str) -> Response:
        """Return one version of a subject, or its `latest`.

        42202 if the version is no version, 40401 without such a subject, 40402 without such a
        version.
        """
        number = _number_of(version)
        if number is None:
            return _missing(42202, _NOT_A_VERSION.format(mask_text(version)))
        known = self._by_subject.get(subject)
        if known is None:
            return _missing(40401, f"Subject '{mask_text(subject)}' not found.")
        row = known.get(number or max(known))
        if row is None:
            return _missing(40402, f"Version {number} not found.")
        told = {"subject": row.subject, "id": row.id, "version": row.version}
        return _found({**told, "schema": _text(row)})

    async def schema(self, schema_id: str) -> Response:
        """Return a schema by its id; 40403 if there is none."""
        row = pinned().get(int(schema_id)) if _is_number(schema_id) else None
        if row is None:
            return _missing(40403, f"Schema {mask_text(schema_id)} not found")
        return _found({"schema": _text(row)})

    async def _check_rate(self) -> None:
        self._limit.check(_READERS)


_NOT_A_VERSION: Final = (
    "The specified version '{}' is not a valid version id. Allowed values are between "
    '[1, 2^31-1] and the string "latest"'
)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10


def _number_of(version: str) -> int | None:
    """Return a version's number, 0 for the latest, None if it is no version."""
    if version in (_LATEST, "-1"):
        return 0
    number = int(version) if _is_number(version) else 0
    return number if 1 <= number <= _MAX_VERSION else None


def _text(row: PinnedSchema) -> str:
    return json.dumps(row.schema, ensure_ascii=False, separators=(",", ":"))


def _found(content: object) -> Response:
    return _RegistryJson(json.dumps(content, ensure_ascii=False).encode())


def _missing(code: int, message: str) -> Response:
    content = {"error_code": code, "message": message}
    return _RegistryJson(json.dumps(content).encode(), status_code=code // 100)


_STRING: Final = {"type": "string"}
_POSITIVE: Final = {"type": "integer", "minimum": 1}
_AVRO: Final = {**_STRING, "description": "Avro, as JSON text"}
_NAMES: Final = {"type": "array", "items": _STRING}
_NUMBERS: Final = {"type": "array", "items": _POSITIVE}
_SCHEMA: Final = {
    "type": "object",
    "properties": {"schema": _AVRO},
    "required": ["schema"],
    "additionalProperties": False,
}
_VERSION: Final = {
    "type": "object",
    "properties": {
        "subject": _STRING,
        "id": {**_POSITIVE, "description": "in the five bytes before a record"},
        "version": _POSITIVE,
        "schema": _AVRO,
    },
    "required": ["subject", "id", "version", "schema"],
    "additionalProperties": False,
}
_ERRORS: Final = {
    40401: "no such subject",
    40402: "no such version",
    40403: "no such schema",
    42202: "not a version",
}


def _answers(schema: dict[str, Any], *codes: int) -> Answers:
    answers: Answers = {200: _answer("Found.", schema), **problems("CL-1109")}
    for code in codes:
        known = answers.get(code // 100, {}).get("description", "")
        told = "; ".join(filter(None, [known, f"{code} {_ERRORS[code]}"]))
        answers[code // 100] = _answer(told, _ERROR)
    return answers


_ERROR: Final = {
    "type": "object",
    "properties": {"error_code": {"type": "integer"}, "message": _STRING},
    "required": ["error_code", "message"],
    "additionalProperties": False,
}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
