"""Makes the pictures of the pages in docs/screenshots, in the system's Chromium.

`python -m tools.screenshots [NAME...]`: all, or those whose file name begins so. Numbers in them
are masked, as the pages show them; what stands in the pictures is the demo's world.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from playwright.sync_api import Page

from consentlog.domain.scope import Scope
from consentlog.errors import Language
from producers.preference.choices import PARTS
from producers.preference.standing import Standing
from tests.support.browser import PHONE, chromium
from tests.support.page_world import PageWorld, page_world

DIRECTORY: Final = Path(__file__).parents[1] / "docs" / "screenshots"


class Shot(NamedTuple):
    """One picture: its name and how to come to what it shows."""

    name: str
    go: Callable[[Page, PageWorld, Language], None]


def _preferences(page: Page, world: PageWorld, language: Language) -> None:
    said = [Standing.OPEN, Standing.PARTLY, Standing.OPEN, Standing.REFUSED]
    world.state.found = dict(zip(PARTS, said, strict=True))
    page.goto(world.page(language))


def _not_known(page: Page, world: PageWorld, language: Language) -> None:
    world.state.found = dict.fromkeys(PARTS, Standing.UNKNOWN)
    page.goto(f"{world.link(Scope('acme', 'acme-life'))}?lang={language}")


def _refused(page: Page, world: PageWorld, language: Language) -> None:
    _preferences(page, world, language)
    page.click("button.first")
    page.wait_for_selector("p.done")


def _choose(page: Page, world: PageWorld, language: Language) -> None:
    page.goto(f"{world.link()}/agree?lang={language}")


def _enter(page: Page, world: PageWorld, language: Language) -> None:
    _choose(page, world, language)
    page.check("input[value=marketing-sms]")
    page.click("button.first")
    page.wait_for_selector("#code")


SHOTS: Final = (
    Shot("preferences", _preferences),
    Shot("preferences-not-known", _not_known),
    Shot("preferences-refused", _refused),
    Shot("preferences-agree", _choose),
    Shot("preferences-code", _enter),
)


def main(names: list[str]) -> int:
    """Make the pictures; returns the exit code."""
    DIRECTORY.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as directory,
        page_world(Path(directory)) as world,
        chromium() as browser,
    ):
        for shot in SHOTS:
            for language in ("zh", "en"):
                name = f"{shot.name}-{language}.png"
                if names and not name.startswith(tuple(names)):
                    continue
                page = browser.new_page(viewport=PHONE)
                shot.go(page, world, "zh" if language == "zh" else "en")
                page.screenshot(path=DIRECTORY / name, full_page=True)
                page.close()
                print(DIRECTORY / name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
