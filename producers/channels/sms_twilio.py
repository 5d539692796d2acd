"""`POST /v1/sms/twilio/{secret}`: replies of people to text messages, as Twilio pushes them.

A form `{MessageSid, From, To, Body, OptOutType, …}`, to which new fields come without notice, at
once and with no time in it, so the gateway's own is when the person acted. Twilio signs every
request over its address and form, without a time: a request sent again is known by its
`MessageSid`, which makes it the same act. The answer is TwiML; a refusal is confirmed in it, once,
unless `OptOutType` says that Twilio has answered the person already. Tested on recorded shapes from
the documentation and on its worked example of a signature, not against the vendor.

Source: Twilio, "Messaging webhooks" and "Advanced Opt-Out" (twilio.com/docs/messaging).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from starlette.responses import Response

from consentlog.http.problems import RequestRefused
from consentlog.words import Verdict
from producers.confirmation import confirmation_of
from producers.forms import FORM, media_type, read_form, sole
from producers.signatures import TwilioScheme
from producers.sms import Message, Pushed
from producers.webhook_openapi import fields, pushed, taken
from producers.webhooks import Shape, Taken, Webhooks

_OPT_OUT: Final = {
    "STOP": Verdict.REFUSE,
    "START": Verdict.CONSENT,
    "HELP": Verdict.HELP,
}
_FIELDS: Final = fields("From Body", "To MessageSid OptOutType")
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'


class TwilioSmsChannel:
    """The channel of people who answer a text message sent through Twilio.

    Args:
        webhooks: Takes what is pushed.
    """

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter(tags=["sms"])
        router.add_api_route(
            "/v1/sms/twilio/{secret}",
            self.post,
            methods=["POST"],
            response_model=None,
            response_class=_TwiMl,
            openapi_extra=pushed({FORM: _FIELDS}),
            responses=taken("text/xml", f"{_HEAD}<Response/>"),
        )
        return router

    async def post(self, secret: str, request: Request) -> Response:
        """Record the message of a push; the answer, with any confirmation, once it is durable."""
        found = await self._webhooks.take(SHAPE, secret, request)
        texts = [text for text in map(_confirmation, found) if text is not None]
        return _TwiMl(_twiml(texts))


class _TwiMl(Response):
    media_type = "text/xml"


def _items(body: bytes, content_type: str) -> Sequence[object]:
    if media_type(content_type) != FORM:
        raise RequestRefused("CL-1304", wanted=FORM)
    return [read_form(body)]


def _message(item: object) -> Pushed | None:
    assert isinstance(item, list)  # noqa: S101  # as `_items` made it
    try:
        message = Message.model_validate(
            {
                "phone_number": sole(item, "From"),
                "content": sole(item, "Body"),
                "dest_code": sole(item, "To"),
                "sequence_id": sole(item, "MessageSid") or sole(item, "SmsSid") or None,
            }
        )
        opt_out = sole(item, "OptOutType") or ""
    except ValueError:
        return None
    return Pushed(message, _OPT_OUT.get(opt_out.strip().upper()), is_now=True)


def _confirmation(one: Taken) -> str | None:
    if one.pushed is None or one.pushed.vendor_says is not None:
        return None
    return confirmation_of(one.outcome, one.pushed.message.content)


def _twiml(texts: Sequence[str]) -> str:
    if not texts:
        return f"{_HEAD}<Response/>"
    body = "".join(f"<Message>{escape(text)}</Message>" for text in texts)
    return f"{_HEAD}<Response>{body}</Response>"


SHAPE: Final = Shape("sms:twilio", _items, _message, (TwilioScheme(),), always_signed=True)
