"""`[[ivr_menus]]`: what digits mean is read whole, or refused with line and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from consentlog.domain.registry import IvrMenu, Period
from consentlog.domain.vocabulary import Channel
from consentlog.errors import FatalError
from consentlog.reference.load import load_registry

_TEXT = """version = 1

[[entities]]
id = "acme"

[[entities]]
id = "beta"

[[brands]]
id = "life"
entity = "acme"

[[brands]]
id = "auto"
entity = "acme"

[[campaigns]]
id = "loan"
entity = "beta"
purpose = "marketing"

[[campaigns]]
id = "renew"
entity = "acme"
brand = "auto"
purpose = "marketing"

[[ivr_menus]]
id = "main"
entity = "acme"
brand = "life"
channel = "voice"
refuse = ["1", "0#"]
not_now = { "2" = 14 }
nothing = ["9"]
prompt = "press 1 for no more calls"
from = 2026-01-01T00:00:00+08:00
"""
_LINE = 28


def _file(directory: Path, text: str) -> Path:
    path = directory / "registry.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_menu_is_read_with_its_digits_and_its_date(tmp_path: Path) -> None:
    menus = load_registry(_file(tmp_path, _TEXT)).ivr_menus
    assert menus == {
        "main": IvrMenu(
            "main",
            "acme",
            "life",
            None,
            Channel.VOICE,
            frozenset({"1", "0#"}),
            {"2": 14},
            frozenset({"9"}),
            "press 1 for no more calls",
            Period(1_767_196_800_000),
        )
    }


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('nothing = ["9"]', 'nothing = ["1"]', "1 stands for more than one thing"),
        ('refuse = ["1", "0#"]', 'refuse = ["1", "1"]', "1 stands for more than one thing"),
        ('refuse = ["1", "0#"]', 'refuse = ["2"]', "2 stands for more than one thing"),
        ('refuse = ["1", "0#"]', "refuse = []", "refuse"),
        ('refuse = ["1", "0#"]', "refuse = [1]", "refuse"),
        ('refuse = ["1", "0#"]', 'refuse = ["one"]', "refuse"),
        ('refuse = ["1", "0#"]\n', "", "refuse"),
        ("14 }", "31 }", "not_now"),
        ("14 }", "0 }", "not_now"),
        ('channel = "voice"', 'channel = "phone"', "channel"),
        ('prompt = "press 1 for no more calls"\n', "", "needs the prompt"),
        ('prompt = "', 'consent = ["3"]\nprompt = "', "consent"),
        ('entity = "acme"\nbrand = "life"', 'entity = "gamma"\nbrand = "life"', "gamma is not"),
        ('brand = "life"\nchannel', 'brand = "pets"\nchannel', "pets is not defined"),
        ('entity = "acme"\nbrand = "life"', 'entity = "beta"\nbrand = "life"', "another entity's"),
        ('brand = "life"\nchannel', 'campaign = "fall"\nchannel', "fall is not defined"),
        ('brand = "life"\nchannel', 'campaign = "loan"\nchannel', "another entity's"),
        (
            'brand = "life"\nchannel',
            'brand = "life"\ncampaign = "renew"\nchannel',
            "another brand's",
        ),
    ],
)
def test_a_doubtful_menu_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    assert old in _TEXT
    path = _file(tmp_path, _TEXT.replace(old, new, 1))
    with pytest.raises(FatalError) as caught:
        load_registry(path)
    assert caught.value.code == "CL-6061"
    assert caught.value.params["line"] == _LINE
    assert reason in caught.value.what()


def test_a_menu_that_stands_twice_is_refused(tmp_path: Path) -> None:
    menu = _TEXT[_TEXT.index("[[ivr_menus]]") :]
    with pytest.raises(FatalError, match="twice"):
        load_registry(_file(tmp_path, f"{_TEXT}\n{menu}"))
