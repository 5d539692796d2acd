"""Signatures of webhooks against what their senders publish, and what a wrong one proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from producers.signatures import (
    RELAY_HEADER,
    Call,
    HuaweiScheme,
    RelayScheme,
    Scheme,
    Standing,
    TwilioScheme,
    check,
    sign_huawei,
    sign_relay,
    sign_twilio,
)

NOW_MS = 1_763_784_000_000  # 2025-11-22T04:00:00Z
TOLERANCE_MS = 300_000
KEYS = {"k1": "the-first-key-000", "k2": "the-second-key-00"}

# Twilio's worked example: docs/usage/security, "Validating requests".
TWILIO_FORM = [
    ("Digits", "1234"),
    ("To", "+18005551212"),
    ("From", "+12349013030"),
    ("Caller", "+12349013030"),
    ("CallSid", "CA1234567890ABCDE"),
]
TWILIO_HOST = "mycompany.com"
TWILIO_URL = f"https://{TWILIO_HOST}/myapp.php?foo=1&bar=2"
TWILIO_SIGNATURE = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_twilios_worked_example() -> None:
    assert sign_twilio("12345", TWILIO_URL, TWILIO_FORM) == TWILIO_SIGNATURE


def test_a_field_that_stands_twice_is_signed_once_a_value() -> None:
    once = sign_twilio("k", "u", [("a", "1"), ("a", "2")])
    assert sign_twilio("k", "u", [("a", "2"), ("a", "1"), ("a", "2")]) == once


def test_huaweis_worked_example() -> None:
    # API signing guide, api-sign-algorithm-002 ff.: the request, its time, the key, the result.
    host = "service.region.example.com"
    call = Call(
        "GET",
        f"https://{host}/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
        "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0",
        {
            "content-type": "application/json",
            "host": host,
            "x-sdk-date": "20191115T033655Z",
        },
        b"",
    )
    signed = ("content-type", "host", "x-sdk-date")
    found = sign_huawei("MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc", call, signed)
    assert found == "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"


def call(headers: Mapping[str, str], body: bytes = b"a=1") -> Call:
    return Call("POST", "https://gateway.example/v1/sms/x/s", headers, body)


def twilio(key: str, url: str = "https://gateway.example/v1/sms/x/s") -> Call:
    return call({"x-twilio-signature": sign_twilio(key, url, [("a", "1")])})


def huawei(key: str, name: str = "k1", date: str = "20251122T040000Z") -> Call:
    bare = call({"host": "gateway.example", "x-sdk-date": date})
    signature = sign_huawei(key, bare, ("host", "x-sdk-date"))
    text = f"SDK-HMAC-SHA256 Access={name}, SignedHeaders=host;x-sdk-date, Signature={signature}"
    return replace(bare, headers={**bare.headers, "authorization": text})


def relay(key: str, at_s: int = NOW_MS // 1000) -> Call:
    return call({RELAY_HEADER: f"t={at_s},v1={sign_relay(key, at_s, b'a=1')}"})


def standing(scheme: Scheme, one: Call) -> Standing:
    return check([scheme], one, KEYS, NOW_MS, TOLERANCE_MS)[0]


CASES: list[tuple[Scheme, Call, Standing]] = [
    (TwilioScheme(), twilio(KEYS["k1"]), Standing.SIGNED),
    (TwilioScheme(), twilio(KEYS["k2"]), Standing.SIGNED),
    (TwilioScheme(), twilio("another"), Standing.WRONG),
    (TwilioScheme(), twilio(KEYS["k1"], "https://other.example/"), Standing.WRONG),
    (
        TwilioScheme(),
        twilio(KEYS["k1"], "https://gateway.example:443/v1/sms/x/s"),
        Standing.SIGNED,
    ),
    (TwilioScheme(), replace(twilio(KEYS["k1"]), body=b"a=2"), Standing.WRONG),
    (TwilioScheme(), replace(twilio(KEYS["k1"]), body=b"a=%FF"), Standing.WRONG),
    (TwilioScheme(), call({}), Standing.UNSIGNED),
    (TwilioScheme(), call({"x-twilio-signature": "é\udcff"}), Standing.WRONG),
    (HuaweiScheme(), huawei(KEYS["k1"]), Standing.SIGNED),
    (HuaweiScheme(), huawei(KEYS["k2"], "k2"), Standing.SIGNED),
    (HuaweiScheme(), huawei(KEYS["k2"]), Standing.WRONG),
    (HuaweiScheme(), huawei(KEYS["k1"], "nobody"), Standing.WRONG),
    (HuaweiScheme(), huawei(KEYS["k1"], date="20251122T035000Z"), Standing.STALE),
    (HuaweiScheme(), huawei(KEYS["k1"], date="20251122T041000Z"), Standing.STALE),
    (HuaweiScheme(), huawei(KEYS["k1"], date="yesterday"), Standing.WRONG),
    (HuaweiScheme(), replace(huawei(KEYS["k1"]), body=b"a=2"), Standing.WRONG),
    (HuaweiScheme(), call({"authorization": "Bearer x"}), Standing.UNSIGNED),
    (RelayScheme(), relay(KEYS["k1"]), Standing.SIGNED),
    (RelayScheme(), relay("another"), Standing.WRONG),
    (RelayScheme(), relay(KEYS["k1"], NOW_MS // 1000 - 301), Standing.STALE),
    (RelayScheme(), relay(KEYS["k1"], NOW_MS // 1000 + 301), Standing.STALE),
    (RelayScheme(), replace(relay(KEYS["k1"]), body=b"a=2"), Standing.WRONG),
    (RelayScheme(), call({RELAY_HEADER: "v1=zz"}), Standing.WRONG),
    (RelayScheme(), call({}), Standing.UNSIGNED),
]


@pytest.mark.parametrize(("scheme", "one", "wanted"), CASES, ids=range(len(CASES)))
def test_what_a_signature_proves(scheme: Scheme, one: Call, wanted: Standing) -> None:
    assert standing(scheme, one) is wanted


def test_a_date_that_the_signature_does_not_cover_proves_nothing() -> None:
    bare = call({"host": "gateway.example", "x-sdk-date": "20251122T040000Z"})
    signature = sign_huawei(KEYS["k1"], bare, ("host",))
    text = f"SDK-HMAC-SHA256 Access=k1, SignedHeaders=host, Signature={signature}"
    forged = replace(bare, headers={**bare.headers, "authorization": text})
    assert standing(HuaweiScheme(), forged) is Standing.WRONG


def test_without_any_key_nothing_is_signed() -> None:
    assert check([TwilioScheme()], twilio(""), {}, NOW_MS, TOLERANCE_MS)[0] is Standing.WRONG
