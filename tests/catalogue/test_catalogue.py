"""Every code that is raised can be explained, in both languages, with the same parameters."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from consentlog.errors import CatalogueEntry, catalogue

ROOT = Path(__file__).parents[2]
PACKAGES = ("consentlog", "producers", "processors", "sinks", "dialers", "auditors")


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_code_in_the_source_is_in_the_catalogue() -> None:
    used = {
        code
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        for code in re.findall(r"\"(CL-\d{4})\"", file.read_text("utf-8"))
    }
    assert used - set(catalogue()) == set()


@pytest.mark.parametrize("entry", catalogue().values(), ids=lambda entry: entry.code)
def test_both_languages_say_everything_with_the_same_parameters(entry: CatalogueEntry) -> None:
    for part in ("what", "why", "do"):
        en, zh = getattr(entry.en, part), getattr(entry.zh, part)
        assert en.strip()
        assert zh.strip()
        assert _places(en) == _places(zh)


def test_problem_types_are_unique() -> None:
    names = [entry.name for entry in catalogue().values() if entry.status]
    assert len(names) == len(set(names))
