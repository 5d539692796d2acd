"""`POST /v1/sms/aliyun/{secret}`: replies of people to text messages, as Alibaba Cloud pushes them.

An array of messages; `send_time` has no zone, it is the source's (Asia/Shanghai). Anything but code
0 is pushed again, a few times, then never. The vendor does not sign. Tested on recorded shapes from
its documentation, not against the vendor.

Source: Alibaba Cloud SMS, "SmsUp" HTTP push (help.aliyun.com, smsup-http).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse

from consentlog.http.body import parse_json
from consentlog.http.problems import RequestRefused
from producers.sms import Message, Pushed
from producers.webhook_openapi import fields, pushed, taken
from producers.webhooks import Shape, Webhooks

MAX_MESSAGES: Final = 1000
_TAKEN: Final = {"code": 0, "msg": "接收成功"}
_FIELDS: Final = fields("phone_number content", "send_time dest_code sequence_id sign_name")


class AliyunSmsChannel:
    """The channel of people who answer a text message sent through Alibaba Cloud.

    Args:
        webhooks: Takes what is pushed.
    """

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter(tags=["sms"])
        router.add_api_route(
            "/v1/sms/aliyun/{secret}",
            self.post,
            methods=["POST"],
            response_model=None,
            openapi_extra=pushed({"application/json": {"type": "array", "items": _FIELDS}}),
            responses=taken("application/json", _TAKEN),
        )
        return router

    async def post(self, secret: str, request: Request) -> JSONResponse:
        """Record every message of a push; the vendor's answer only after all are durable."""
        await self._webhooks.take(SHAPE, secret, request)
        return JSONResponse(_TAKEN)


def _items(body: bytes, _media: str) -> Sequence[object]:
    found = parse_json(body)
    if not isinstance(found, list):
        raise RequestRefused("CL-1301", reason="it is not an array")
    if not 1 <= len(found) <= MAX_MESSAGES:
        raise RequestRefused("CL-1301", reason=f"it holds {len(found)} items")
    return found


def _message(item: object) -> Pushed | None:
    try:
        return Pushed(Message.model_validate(item))
    except ValidationError:
        return None


SHAPE: Final = Shape("sms:aliyun", _items, _message)
