"""`POST /v1/sms/aliyun/{secret}`: replies of people to text messages, as the vendor pushes them.

Source: Alibaba Cloud SMS, "SmsUp" HTTP push (docs/vendors.md); `send_time` has no zone, it is the
source's (Asia/Shanghai). Anything but code 0 is pushed again, a few times, then never.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse

from consentlog.http.auth import Authenticator
from consentlog.http.body import parse_json
from consentlog.http.problems import RequestRefused
from producers.intake import Intake
from producers.messages import MessageAcceptor
from producers.sms import Message

MAX_MESSAGES = 1000
_TAKEN = {"code": 0, "msg": "接收成功"}


class AliyunSmsChannel:
    """The channel of people who answer a text message.

    Args:
        keys: Recognises the secret in the path.
        messages: Decides what becomes of a message.
        intake: Delivers it.
    """

    def __init__(self, keys: Authenticator, messages: MessageAcceptor, intake: Intake) -> None:
        self._keys = keys
        self._messages = messages
        self._intake = intake

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter(tags=["sms"])
        router.add_api_route(
            "/v1/sms/aliyun/{secret}", self.post, methods=["POST"], response_model=None
        )
        return router

    async def post(self, secret: str, request: Request) -> JSONResponse:
        """Record every message of a push; the vendor's answer only after all are durable.

        A message that is not one is kept as a review, so that it cannot hold up the others; a push
        without a single message is refused, once its reviews are durable.

        Args:
            secret: An API key with the scope `sms:aliyun`.
            request: Its body is the vendor's array.

        Raises:
            RequestRefused: `CL-1102`, `CL-1103` for the secret, `CL-1002` for a body that is no
                JSON, `CL-1301` for one that is no push.
            TransientError: A code with status 503 if nothing durable would take them: the vendor
                pushes again, and messages that were taken already are the same acts.
        """
        principal = self._keys.of_secret(secret)
        principal.require("sms:aliyun")
        raw = _items(parse_json(await request.body()))
        found = [_message_of(item) for item in raw]
        outcomes = [
            self._messages.accept(message, item, principal)
            for message, item in zip(found, raw, strict=True)
        ]
        trace = request.headers.get("traceparent")
        await asyncio.gather(*(self._intake.deliver(one, trace) for one in outcomes if one))
        if not any(found):
            # After the reviews: the vendor gives up after some pushes, and a person must see it.
            raise RequestRefused("CL-1301", reason="no item has phone_number and content as text")
        return JSONResponse(_TAKEN)


def _items(body: object) -> Sequence[object]:
    if not isinstance(body, list):
        raise RequestRefused("CL-1301", reason="it is not an array")
    if not 1 <= len(body) <= MAX_MESSAGES:
        raise RequestRefused("CL-1301", reason=f"it holds {len(body)} items")
    return body


def _message_of(item: object) -> Message | None:
    try:
        return Message.model_validate(item)
    except ValidationError:
        return None
