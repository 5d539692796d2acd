"""Where there is no Chromium the browser tests say that they were not run, and CI fails."""

from __future__ import annotations

import shutil

import pytest

from tests.support.browser import chromium


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("CONSENTLOG_REQUIRE_BROWSER", raising=False)


def test_on_a_desk_they_are_skipped_aloud() -> None:
    with pytest.raises(pytest.skip.Exception, match="NOT RUN: there is no Chromium"), chromium():
        pass


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("CONSENTLOG_REQUIRE_BROWSER", "1")])
def test_in_ci_that_is_a_failure(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(pytest.fail.Exception, match="NOT RUN"), chromium():
        pass
