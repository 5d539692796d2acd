"""The system's Chromium, driven by Playwright, and what every page must pass in it.

Playwright's own loop runs in the thread that uses it, so a browser lives for one test module and no
test of that module may run a loop of its own.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from consentlog.errors import Language

LANGUAGES: Final[list[Language]] = ["zh", "en"]
DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
NARROW = ViewportSize(width=320, height=640)

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium; without one the test is skipped, and in CI it fails."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        said = "NOT RUN: there is no Chromium here (Debian: apt-get install chromium)"
        if os.environ.get("CONSENTLOG_REQUIRE_BROWSER") == "1" or os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    with sync_playwright() as playwright:
        # Containers run as root, where Chromium's sandbox refuses to start.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a page, and see at its end that it broke no policy, left no machine, told no number.

    Args:
        browser: The browser.
        **options: Of a context of its own.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(10_000)
    page = context.new_page()
    troubles: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert not [one for one in troubles if "Content Security Policy" in one]
    assert not [url for url in asked if not url.startswith(("http://127.0.0.1:", "data:"))]
    assert not [url for url in asked if "138" in url.partition("/desk")[2]]


def choose(page: Page, label: str, text: str) -> None:
    """Choose from a list as the keyboard does: downwards until the line is there."""
    tab_to(page, label)
    for _ in range(10):
        if text in page.evaluate("() => document.activeElement.selectedOptions[0].text"):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{label} has no line {text}")


def type_into(page: Page, label: str, text: str) -> None:
    """Type into what bears a label, as `tab_to` finds it."""
    tab_to(page, label)
    page.keyboard.type(text)


def tab_to(page: Page, text: str, most: int = 40) -> None:
    """Press Tab until what has the focus bears a text, value or label; as somebody without a mouse.

    Args:
        page: The page.
        text: Inner text, or the value of an input, or the text of its label.
        most: Presses after which the thing counts as out of reach.
    """
    for _ in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const e = document.activeElement; return [e.innerText, e.value, e.id,"
            " e.labels && e.labels.length ? e.labels[0].innerText : '']; }"
        )
        if text in [one.strip() for one in found if one]:
            return
    raise AssertionError(f"the keyboard does not reach {text!r}")


def has_visible_focus(page: Page) -> bool:
    """Tell whether what has the focus is marked so that one can see it."""
    style: str = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    return style not in ("none", "")


def check_readable(page: Page, language: Language, what: str) -> None:
    """Check that everybody can read a page: its own width and a narrow one, and its language."""
    found = violations(page)
    assert found == "", f"{what}: {found}"
    assert not overflows(page), what
    usual = page.viewport_size
    page.set_viewport_size(NARROW)
    assert not overflows(page), f"{what}, on a narrow screen"
    page.set_viewport_size(usual or NARROW)
    assert page.get_attribute("html", "lang") == {"zh": "zh-CN", "en": "en"}[language], what


def violations(page: Page) -> str:
    """Run the accessibility check; returns what it found wrong, empty if nothing."""
    # What is in order is counted and not described: that alone takes a quarter of the time.
    options = {"runOnly": {"type": "tag", "values": _STANDARDS}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    return "\n".join(
        f"{one['id']}: {one['help']}: {json.dumps([n['html'] for n in one['nodes']])}"
        for one in found.response["violations"]
    )


def overflows(page: Page) -> bool:
    """Tell whether one has to scroll sideways to read the page."""
    wide: bool = page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")
    return wide
