"""Errors as RFC 9457 problems, in zh and en, from the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from consentlog.errors import ConsentLogError, Language
from consentlog.http.language import language_of
from consentlog.observability.logging import get_logger
from consentlog.observability.masking import mask_text

RETRY_AFTER_S = 2
"""What a 503 asks the caller to wait: longer than a broker's fail-over, shorter than patience."""

log = get_logger(__name__)


class RequestRefused(ConsentLogError):
    """The caller has to change something.

    Args:
        code: A code of the catalogue with a 4xx status.
        extra: Further members of the problem, for example `errors` or `review_id`.
        retry_after_s: When the same request may be sent again, seconds; None = it has to change.
        params: Values for the places in the texts; never an unmasked number.
    """

    def __init__(
        self,
        code: str,
        /,
        *,
        extra: Mapping[str, object] | None = None,
        retry_after_s: int | None = None,
        **params: object,
    ) -> None:
        super().__init__(code, **params)
        self.extra = dict(extra or {})
        self.retry_after_s = retry_after_s


def problem_of(error: ConsentLogError, language: Language, **extra: object) -> dict[str, object]:
    """Describe an error as the members of a problem.

    Args:
        error: Any of ours; one that has no HTTP status is told as `CL-1000`, without details.
        language: Language of title, detail, why and do.
        extra: Further members.

    Returns:
        A JSON object with `type`, `title`, `status`, `detail`, `code`, `why`, `do` and the extras.

    Source: RFC 9457 3.
    """
    shown = error if error.entry.status else ConsentLogError("CL-1000")
    members = shown.extra if isinstance(shown, RequestRefused) else {}
    return {
        "type": f"urn:consentlog:problem:{shown.entry.name}",
        "title": shown.entry.name.replace("-", " "),
        "status": shown.entry.status,
        "detail": shown.what(language),
        "code": shown.code,
        "why": shown.why(language),
        "do": shown.do(language),
        **members,
        **extra,
    }


def problem_response(request: Request, error: ConsentLogError, **extra: object) -> JSONResponse:
    """Answer a request with a problem, in the caller's language.

    A 401 names the scheme; a 503, and whatever may simply be sent again, says when to come back.
    """
    language = language_of(request.headers.get("accept-language"))
    body = problem_of(error, language, **extra)
    status = int(str(body["status"]))
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    retry_after_s = error.retry_after_s if isinstance(error, RequestRefused) else None
    if status == 503 or retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s or RETRY_AFTER_S)
    return JSONResponse(body, status, headers, "application/problem+json")


def pointers_of(
    errors: Iterable[Mapping[str, Any]], under: tuple[str | int, ...] = ()
) -> list[dict[str, str]]:
    """Turn pydantic's errors into JSON pointers with a message; no input is quoted.

    Args:
        errors: As `ValidationError.errors()` gives them.
        under: Where in the body the validated value lies.

    Source: RFC 6901.
    """
    return [
        {
            # An unknown field's name is the caller's own word, in which a number may stand.
            "pointer": mask_text("".join(f"/{_escaped(part)}" for part in (*under, *error["loc"]))),
            "message": mask_text(str(error["msg"])),
        }
        for error in errors
    ]


def install_handlers(app: FastAPI) -> None:
    """Make every error of an application a problem."""
    app.add_exception_handler(ConsentLogError, _on_ours)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_ours(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, ConsentLogError)  # noqa: S101  # registered for this class alone
    if exc.entry.status in (0, 500):
        log.error("request_failed", code=exc.code, reason=str(exc))
    return problem_response(request, exc)


async def _on_validation(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, RequestValidationError)  # noqa: S101  # as above
    errors = exc.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return problem_response(request, RequestRefused("CL-1002", reason="it does not parse"))
    found = [
        {**pointer, "in": str(error["loc"][0])}
        for error in errors
        for pointer in pointers_of([{**error, "loc": error["loc"][1:]}])
    ]
    return problem_response(request, RequestRefused("CL-1001", extra={"errors": found}))


async def _on_http(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, HTTPException)  # noqa: S101  # as above
    code = {404: "CL-1003", 405: "CL-1004"}.get(exc.status_code, "CL-1006")
    response = problem_response(request, RequestRefused(code, reason=str(exc.detail)))
    response.headers.update(exc.headers or {})
    return response


def _escaped(part: object) -> str:
    # Half a character, which JSON can spell, could not be sent back.
    text = str(part).encode("utf-8", "replace").decode()
    return text.replace("~", "~0").replace("/", "~1")
