"""Signs requests as vendors and relays do; the signatures themselves are held to published ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx2

from producers.signatures import RELAY_HEADER, Call, sign_huawei, sign_relay, sign_twilio
from tests.support.gateway import Gateway

HOST = "gateway"
FORM = "application/x-www-form-urlencoded"
KEY = "0123456789abcdef0123456789abcdef"


def relayed(
    gateway: Gateway,
    vendor: str,
    body: bytes,
    key: str = KEY,
    at_ms: int | None = None,
    content_type: str = "application/json",
) -> httpx2.Response:
    """Push as a relay in front of a vendor does, signed at `at_ms` (now)."""
    at_s = (gateway.clock.at_ms if at_ms is None else at_ms) // 1000
    headers = {
        "content-type": content_type,
        RELAY_HEADER: f"t={at_s},v1={sign_relay(key, at_s, body)}",
    }
    return gateway.push(vendor, content=body, headers=headers)


def huawei_headers(gateway: Gateway, body: bytes, key: str, at_ms: int) -> dict[str, str]:
    """Return the headers that Huawei Cloud puts on a push."""
    date = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    covered = {"content-type": FORM, "host": HOST, "x-sdk-date": date}
    url = f"http://{HOST}{gateway.push_path('huawei')}"
    signature = sign_huawei(key, Call("POST", url, covered, body), tuple(covered))
    text = f"Access=demo-ak, SignedHeaders={';'.join(covered)}, Signature={signature}"
    return {
        "content-type": FORM,
        "x-sdk-date": date,
        "authorization": f"SDK-HMAC-SHA256 {text}",
    }


def twilio_push(
    gateway: Gateway,
    fields: Sequence[tuple[str, str]],
    key: str | None = None,
    base: str = f"http://{HOST}",
) -> httpx2.Response:
    """Push as Twilio does, signed with the account's token or with `key`."""
    token = key or gateway.reference.secrets.webhooks["twilio"].keys["auth-token"]
    signature = sign_twilio(token, base + gateway.push_path("twilio"), fields)
    headers = {"content-type": FORM, "x-twilio-signature": signature}
    return gateway.push("twilio", content=urlencode(fields).encode(), headers=headers)
