"""No number leaves a process whole."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest
import structlog

from consentlog.observability.logging import configure_logging, get_logger
from consentlog.observability.masking import mask, mask_text
from consentlog.settings import LogSettings

PLANTED = "+8613800138000"


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        (PLANTED, "+86138****8000"),
        ("13800138000", "138****8000"),
        ("+16502530000", "+165****0000"),
        ("62345678", "****5678"),
        ("95588", "****"),
    ],
)
def test_mask(number: str, masked: str) -> None:
    assert mask(number) == masked


@pytest.mark.parametrize(
    "text",
    [
        f"key={PLANTED} failed",
        "b'+8613800138000'",
        "tel:138 0013 8000,",
        "number:138-0013-8000.",
        "/v1/check/%2B8613800138000?x=1",
        "号码13800138000已拒绝",
        "13800138000x12 tel13800138000",
        "138  0013  8000",
        "138\u00a00013\u00a08000",
        "138\u20110013\u20118000",
        "138_0013_8000",
        "(138) 0013-8000",
        "+86 (138) 0013 - 8000",
        "（138）0013－8000",
        "138.0013.8000",
        "+86.138.0013.8000",
        "138.001.380.000",
        "127.0.0.1 138 0013 8000",
    ],
)
def test_free_text_is_masked(text: str) -> None:
    shown = mask_text(text)
    assert "0138" not in shown.replace("****", "")
    assert "38 0013" not in shown
    assert "****" in shown
    assert not re.search(r"138\W{0,3}_?00", shown)


def test_what_is_no_number_stays() -> None:
    text = "event 00112233445566778899aabbccddeeff at 3:42 took 0.123456 s on 127.0.0.1:19092"
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "192.168.100.200:19092",
        "python 3.11.15, kafka 4.1.0, 2.12.1+build.7",
        "offset 5  00112233445566778899aabbccddeeff",
        "5_" + "0123456789abcdef" * 4,
        "took 123.5 s (12) of 100",
    ],
)
def test_addresses_versions_and_ids_stay(text: str) -> None:
    assert mask_text(text) == text


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Put the process's logging back: its handler writes to a stream that ends with the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.usefixtures("own_logging")
def test_structured_and_foreign_lines_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogSettings(format="json", level="INFO"), "test")
    log = get_logger(__name__)
    log.info("planted", key=PLANTED.encode(), nested={"list": [PLANTED]}, offset=13800138000)
    logging.getLogger("aiokafka").error("record %r failed", PLANTED)
    try:
        int(PLANTED + "x")
    except ValueError:
        log.exception("raised")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert not any("3800138000" in line for line in lines[1:])
    first = json.loads(lines[0])
    assert first["offset"] == 13800138000
    assert PLANTED[1:] not in json.dumps({**first, "offset": 0})
