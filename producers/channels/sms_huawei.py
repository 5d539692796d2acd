"""`POST /v1/sms/huawei/{secret}`: replies of people to text messages, as Huawei Cloud pushes them.

Two products, two shapes: Message & SMS pushes a form `{smsMsgId, from, to, body, createTime}`, its
time in UTC; IoT communication pushes JSON `{mobile, content, sendTime, extCode}`, its time without
a zone, the source's. Once push authentication is switched on there and its key is in the secrets
file, a request without a right `SDK-HMAC-SHA256` signature can only hold. Tested on recorded shapes
from the documentation, and the signature on the worked example of its signing guide, not against
the vendor.

Source: Huawei Cloud, api-msgsms sms_05_0004 and sms_05_0064; api-iotcom iotcom_05_0401.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from consentlog.http.body import parse_json
from consentlog.http.problems import RequestRefused
from producers.forms import FORM, media_type, read_form, sole
from producers.signatures import HuaweiScheme, RelayScheme
from producers.sms import Message, Pushed
from producers.webhook_openapi import fields, pushed, taken
from producers.webhooks import Shape, Webhooks

_TAKEN: Final = {"resultCode": "0"}
_FORM_NAMES: Final = "from body to smsMsgId"
_JSON_NAMES: Final = "mobile content"
_JSON: Final = "application/json"
_FORM_FIELDS: Final = {
    "phone_number": "from",
    "content": "body",
    "send_time": "createTime",
    "dest_code": "to",
    "sequence_id": "smsMsgId",
}
_JSON_FIELDS: Final = {
    "phone_number": "mobile",
    "content": "content",
    "send_time": "sendTime",
    "dest_code": "extCode",
}


class HuaweiSmsChannel:
    """The channel of people who answer a text message sent through Huawei Cloud.

    Args:
        webhooks: Takes what is pushed.
    """

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter(tags=["sms"])
        router.add_api_route(
            "/v1/sms/huawei/{secret}",
            self.post,
            methods=["POST"],
            response_model=None,
            openapi_extra=pushed({FORM: fields(_FORM_NAMES), _JSON: fields(_JSON_NAMES)}),
            responses=taken(_JSON, _TAKEN),
        )
        return router

    async def post(self, secret: str, request: Request) -> JSONResponse:
        """Record the message of a push; the vendor's answer only after it is durable."""
        await self._webhooks.take(SHAPE, secret, request)
        return JSONResponse(_TAKEN)


def _items(body: bytes, content_type: str) -> Sequence[object]:
    media = media_type(content_type)
    if media == FORM:
        return [read_form(body)]
    if media != _JSON:
        raise RequestRefused("CL-1304", wanted=f"{FORM} or {_JSON}")
    found = parse_json(body)
    if not isinstance(found, dict):
        raise RequestRefused("CL-1301", reason="it is not an object")
    return [found]


def _message(item: object) -> Pushed | None:
    try:
        if isinstance(item, list):
            fields: Mapping[str, object] = {
                ours: sole(item, theirs) for ours, theirs in _FORM_FIELDS.items()
            }
        else:
            assert isinstance(item, dict)  # noqa: S101  # as `_items` made it
            fields = {ours: item.get(theirs) for ours, theirs in _JSON_FIELDS.items()}
        return Pushed(Message.model_validate(fields))
    except ValueError:
        return None


SHAPE: Final = Shape("sms:huawei", _items, _message, (HuaweiScheme(), RelayScheme()))
