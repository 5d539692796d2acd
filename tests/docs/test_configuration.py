"""docs/configuration.md, docs/errors.md and .env.example say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from consentlog.errors import catalogue
from consentlog.local.settings import LocalSettings
from tools.build_docs import (
    Setting,
    documents,
    service_settings,
    settings_of,
    with_generated,
)

ROOT = Path(__file__).parents[2]
_LINE = re.compile(r"^(?P<comment># )?(?P<name>CONSENTLOG_[A-Z_]+)=(?P<value>.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def settings() -> dict[str, Setting]:
    return {row.variable: row for rows in service_settings().values() for row in rows}


def test_the_generated_documents_are_up_to_date() -> None:
    for path, text in documents().items():
        assert path.read_text("utf-8") == text, f"run python -m tools.build_docs: {path.name}"


def test_every_setting_is_documented_with_a_meaning(settings: dict[str, Setting]) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    for row in [*settings.values(), *settings_of(LocalSettings)]:
        assert f"`{row.variable}`" in page
        assert row.meaning, f"{row.variable} needs a description"


def test_env_example_names_every_setting_of_the_services(settings: dict[str, Setting]) -> None:
    text = (ROOT / ".env.example").read_text("utf-8")
    lines = {match["name"]: match for match in _LINE.finditer(text)}
    assert lines.keys() == settings.keys()
    for name, match in lines.items():
        is_default = settings[name].default is not None
        assert bool(match["comment"]) is is_default, name
        if is_default:
            assert match["value"] == settings[name].default, name


def test_no_group_is_left_undivided(settings: dict[str, Setting]) -> None:
    assert {"CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS", "CONSENTLOG_LOG__FORMAT"} <= settings.keys()
    assert settings["CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS"].default is None
    assert settings["CONSENTLOG_LOG__FORMAT"].default == "auto"


def test_every_code_stands_in_the_errors_page() -> None:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    for code, entry in catalogue().items():
        assert f"## {code} {entry.name}" in page


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="marks"):
        with_generated("nothing", "generated")
