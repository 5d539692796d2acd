"""`POST /v1/sms/tencent/{secret}`: replies of people to text messages, as Tencent Cloud sends them.

One object a push: `{extend, mobile, nationcode, sign, text, time}`, `time` in Unix seconds. It has
no message id, so number, time and text make a message one act; the vendor does not sign. Tested on
recorded shapes from its documentation, not against the vendor.

Source: Tencent Cloud SMS, "SMS Reply" (cloud.tencent.com/document/api/382/5809 and 43548).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse

from consentlog.http.body import parse_json
from consentlog.http.problems import RequestRefused
from producers.sms import Message, Pushed
from producers.webhook_openapi import fields, pushed, taken
from producers.webhooks import Shape, Webhooks

_TAKEN: Final = {"result": 0, "errmsg": "OK"}
_FIELDS: Final = fields("mobile text", "nationcode sign time extend")
_MAX_COUNTRY_CODE: Final = 3


class TencentSmsChannel:
    """The channel of people who answer a text message sent through Tencent Cloud.

    Args:
        webhooks: Takes what is pushed.
    """

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter(tags=["sms"])
        router.add_api_route(
            "/v1/sms/tencent/{secret}",
            self.post,
            methods=["POST"],
            response_model=None,
            openapi_extra=pushed({"application/json": _FIELDS}),
            responses=taken("application/json", _TAKEN),
        )
        return router

    async def post(self, secret: str, request: Request) -> JSONResponse:
        """Record the message of a push; the vendor's answer only after it is durable."""
        await self._webhooks.take(SHAPE, secret, request)
        return JSONResponse(_TAKEN)


def _items(body: bytes, _media: str) -> Sequence[object]:
    found = parse_json(body)
    if not isinstance(found, dict):
        raise RequestRefused("CL-1301", reason="it is not an object")
    return [found]


def _message(item: object) -> Pushed | None:
    fields = item if isinstance(item, dict) else {}
    try:
        message = Message.model_validate(
            {
                "phone_number": fields.get("mobile"),
                "content": fields.get("text"),
                "send_time": _instant(fields.get("time")),
                "dest_code": fields.get("extend") or None,
                "sign_name": fields.get("sign") or None,
            }
        )
    except ValidationError:
        return None
    number = _number(message.phone_number, fields.get("nationcode"))
    return Pushed(message.model_copy(update={"phone_number": number}))


def _number(mobile: str, nation: object) -> str:
    """Put the country code in front; where none can be read, the source's region decides."""
    code = str(nation).strip().lstrip("+0") if isinstance(nation, str | int) else ""
    is_code = code.isascii() and code.isdigit() and len(code) <= _MAX_COUNTRY_CODE
    is_whole = not is_code or mobile.strip().startswith(("+", "＋"))
    return mobile if is_whole else f"+{code}{mobile.strip()}"


def _instant(seconds: object) -> str | None:
    """Return Unix seconds as an instant; None, which costs no refusal, for what is none."""
    try:
        return datetime.fromtimestamp(int(str(seconds)), UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


SHAPE: Final = Shape("sms:tencent", _items, _message)
