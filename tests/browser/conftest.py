"""A browser for each module of browser tests, and its pages; see `tests.support.browser`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.support.browser import DESKTOP, chromium, watched_page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def viewport() -> ViewportSize:
    """How large a page is; a module of small ones has a fixture of its own."""
    return DESKTOP


@pytest.fixture
def plain(browser: Browser, viewport: ViewportSize) -> Iterator[Page]:
    """A page of a browser that runs no script."""
    with watched_page(browser, viewport=viewport, java_script_enabled=False) as page:
        yield page


@pytest.fixture
def checked(browser: Browser, viewport: ViewportSize, scheme: str) -> Iterator[Page]:
    """A page in which the accessibility check can run; `scheme` is the test's parameter."""
    with watched_page(browser, viewport=viewport, color_scheme=scheme) as page:
        yield page
