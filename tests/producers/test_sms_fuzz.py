"""Whatever is pushed to a vendor's address, the answer is never a 5xx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.support.gateway import Gateway, memory_gateway, message
from tests.support.two_sizes import in_two_sizes
from tests.support.webhooks import FORM

VENDORS = ("aliyun", "huawei", "tencent", "twilio")
NAMES = sorted(
    {
        *("phone_number", "content", "send_time", "dest_code", "sequence_id", "sign_name"),
        *("mobile", "text", "nationcode", "sign", "time", "extend", "sendTime", "extCode"),
        *("from", "to", "body", "smsMsgId", "createTime", "From", "To", "Body", "MessageSid"),
    }
)
TEXTS = st.sampled_from(["TD", "START", "13800138000", "+16502530000", "2025-11-22 11:59:00", ""])
LEAVES = st.one_of(
    TEXTS, st.text(max_size=20), st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=12)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.one_of(OBJECTS, st.lists(OBJECTS, max_size=3), VALUES).map(
        lambda value: json.dumps(value).encode()
    ),
    PAIRS.map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode()),
)
TYPES = st.sampled_from([FORM, "application/json", "text/plain", "", "multipart/form-data"])


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with memory_gateway(tmp_path_factory.mktemp("fuzz")) as found:
        yield found


@in_two_sizes(
    quick=150,
    vendor=st.sampled_from(VENDORS),
    body=BODIES,
    media=TYPES,
    signature=st.text(max_size=60),
)
def _no_push_makes_the_gateway_fail(
    gateway: Gateway, vendor: str, body: bytes, media: str, signature: str
) -> None:
    gateway.clock.at_ms += 120_000  # so that the cap of unsigned pushes hides nothing
    headers: list[tuple[bytes, bytes]] = [
        (b"content-type", media.encode()),
        (b"x-twilio-signature", signature.encode()),
        (b"authorization", signature.encode()),
        (b"x-sdk-date", signature.encode()),
    ]
    kept = [pair for pair in headers if b"\n" not in pair[1] and b"\r" not in pair[1]]
    answer = gateway.push(vendor, content=body, headers=kept)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["code"].startswith("CL-1")


test_no_push_fails, test_no_push_fails_long = _no_push_makes_the_gateway_fail


@pytest.mark.parametrize("depth", [100, 500, 900, 950, 970, 980, 990, 995, 1000, 5000])
def test_no_nesting_makes_the_gateway_fail(gateway: Gateway, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    pushes: dict[str, Any] = {
        "aliyun": json.dumps([message("TD")])[:-2] + f', "x": {nested}}}]',
        "tencent": f'{{"mobile": "13800138000", "text": "TD", "x": {nested}}}',
        "huawei": f'{{"mobile": "13800138000", "content": "TD", "x": {nested}}}',
    }
    for vendor, body in pushes.items():
        headers = {"content-type": "application/json"}
        answer = gateway.push(vendor, content=body.encode(), headers=headers)
        assert answer.status_code < 500, (vendor, answer.text)
