"""No number leaves a process whole."""

from __future__ import annotations

import itertools
import json
import logging
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from consentlog.observability.logging import configure_logging, get_logger
from consentlog.observability.masking import mask, mask_text
from consentlog.settings import LogSettings

PLANTED = "+8613800138000"
BETWEEN = (
    "+ -_.()/[]~\t\u00a0\u3000\u2009\u200b\u00ad\u2011\u2013\u2212\uff08\uff09\uff0d\uff0b\uff0f"
)


def _percent(char: str) -> str:
    """A character as a form may write it, though it need not."""
    return "".join(f"%{byte:02X}" for byte in char.encode())


WRITTEN: list[Callable[[str], str]] = [
    str,
    _percent,
    lambda char: _percent(char).lower(),
    lambda char: f"\\u{ord(char):04x}",
    lambda char: "".join(f"\\x{byte:02x}" for byte in char.encode()),
]
DIGITS = ["0123456789", "０１２３４５６７８９"]
FREE = "+ -_~()[]\t\u00a0\u3000\u200b\u2013\uff0d"
"""What may stand between groups of any size; a dot and a stroke only between larger ones."""


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A number, and one way to write it."""
    digits = draw(st.text("0123456789", min_size=9, max_size=14))
    cuts = draw(st.sets(st.integers(3, len(digits) - 3), max_size=3))
    places = [0, *sorted(cuts), len(digits)]
    groups = [digits[at:to] for at, to in itertools.pairwise(places)]
    separators = BETWEEN if min(map(len, groups)) >= 3 else FREE
    script, way = draw(st.sampled_from(DIGITS)), draw(st.sampled_from(WRITTEN))
    if draw(st.booleans()):
        groups = ["".join(way(script[int(one)]) for one in group) for group in groups]
    found = groups[0]
    for group in groups[1:]:
        separator = draw(st.sampled_from(separators))
        found += draw(st.sampled_from(WRITTEN))(separator) + group
    return digits, f"{draw(st.sampled_from(['', '+', '%2B', 'number=', 'tel:', '号码']))}{found}&x"


def _digits_of(text: str) -> str:
    """Every digit that a reader can make out, with `|` where something is hidden."""
    plain = re.sub(
        r"(?:\\x[0-9a-f]{2})+",
        lambda found: bytes.fromhex(found[0].replace("\\x", "")).decode("utf-8", "replace"),
        text,
    )
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), plain)
    plain = unicodedata.normalize("NFKC", unquote(plain))
    return "".join(re.findall(r"\d|\|", plain.replace("****", "|")))


@given(written())
def test_no_way_to_write_a_number_shows_it(case: tuple[str, str]) -> None:
    digits, text = case
    assert digits in _digits_of(text)
    shown = _digits_of(mask_text(text))
    assert digits not in shown
    assert max(map(len, shown.split("|"))) <= 5


@pytest.mark.parametrize(
    "text",
    [
        "138+0013+8000",
        "138%200013%208000",
        "138/0013/8000",
        "138%2D0013%2d8000",
        "138%A00013%A08000",
        r"138\u00a00013\u00a08000",
        r"b'138\xc2\xa00013\xc2\xa08000'",
        r"138\/0013\/8000",
        _percent("\uff11\uff13\uff18\uff10\uff10\uff11\uff13\uff18\uff10\uff10\uff10"),
        "%31%33%38%30%30%31%33%38%30%30%30",
        "phone=%2B86+138+0013+8000&text=TD",
        "%E5%8F%B713800138000",
        "06.12.34.56.78",
        "06/12/34/56/78",
        "+33.6.12.34.56.78",
        "+33/6/12/34/56/78",
        "1³⁸00138000",
        "%62345678",
        "%12345678",
    ],
)
def test_what_is_escaped_in_a_body_is_masked(text: str) -> None:
    assert max(map(len, _digits_of(mask_text(text)).split("|"))) <= 5
    assert "****" in mask_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "3:120043",
        "3%3A120043 and 11:120043",
        "partition=3&offset=120043",
        "2.12.1+build.7, 28.11.2026, 28/11/2026, 2026/11/28",
        "at 10:00:00.123456+00:00, 10:00:00.123+0800 and 23:59:59Z",
        "id=00112233445566778899aabbccddeeff&x=%E4%BD%A0%E5%A5%BD",
        "%E2%9C%85 100 %25 of 12",
    ],
)
def test_what_is_escaped_and_no_number_stays(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        *("1", "-", " ", "1-", "1     ", "1 1 1 1 1 1     ", "%20", "1%20", "%31", "+", "+1"),
        *("12.", "123.", "123456 x", "0123456789abcdef", "10:00:00 ", "127.0.0.1 ", r"\u0031"),
    ],
)
def test_a_long_text_takes_time_by_its_length(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        before = time.process_time()
        mask_text(text)
        return time.process_time() - before

    # Sixteen times the length; one that grew by the square would take 256 times as long.
    assert seconds(1 << 18) < 64 * max(seconds(1 << 14), 0.002)


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
