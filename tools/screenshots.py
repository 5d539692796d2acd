"""Makes the pictures of the pages in docs/screenshots, in the system's Chromium.

`python -m tools.screenshots [NAME...]`: all, or those whose file name begins so. Numbers in them
are masked, as the pages show them; what stands in the pictures is the demo's world.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from playwright.sync_api import BrowserContext, FilePayload, Page

from consentlog.domain.scope import Scope
from consentlog.errors import Language
from producers.preference.choices import PARTS
from producers.preference.standing import Standing
from producers.uploads.wording import wording
from tests.support.browser import DESKTOP, PHONE, chromium
from tests.support.desk_world import DeskWorld, desk_world
from tests.support.page_world import PageWorld, page_world

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
LOCALES: Final = {"zh": "zh-CN", "en": "en-GB"}
DIRECTORY: Final = Path(__file__).parents[1] / "docs" / "screenshots"


class Shot(NamedTuple):
    """One picture: its name and how to come to what it shows."""

    name: str
    go: Callable[[Page, Any, Language], None]


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


def _desk_sign_in(page: Page, world: DeskWorld, language: Language) -> None:
    page.goto(world.at(language))


def _desk(page: Page, world: DeskWorld, language: Language) -> None:
    world.sign_in(page, language)


def _desk_denied(page: Page, world: DeskWorld, language: Language) -> None:
    world.spread.denies = True
    _desk(page, world, language)
    page.fill("#number", "138 0013 8000")
    page.select_option("#entity", "acme")
    page.click("button.first")
    page.wait_for_selector("#said.done")


def _desk_not_spread(page: Page, world: DeskWorld, language: Language) -> None:
    world.spread.denies = False
    _desk(page, world, language)
    page.fill("#number", "138 0013 8001")
    page.select_option("#entity", "acme")
    page.click("button.first")
    page.wait_for_selector("#said.note")


def _desk_wrong(page: Page, world: DeskWorld, language: Language) -> None:
    _desk(page, world, language)
    page.fill("#number", "12345")
    page.select_option("#entity", "acme")
    page.click("details summary")
    page.select_option("#brand", "acme-life")
    page.click("button.first")
    page.wait_for_selector("[aria-invalid=true]")


def _desk_waiting(page: Page, world: DeskWorld, language: Language) -> None:
    world.sign_in(page, language, "care")
    page.goto(world.at(language, "/desk/consent"))
    page.fill("#number", "138 0013 8000")
    page.select_option("#entity", "acme")
    page.select_option("#channel", "voice")
    page.fill("#words", "可以，打电话给我吧")
    page.fill("#text_version", "call-consent-2")
    page.fill("#recording", "recordings/2026/11/28/0007.wav")
    page.fill("#sha256", "ab" * 32)
    page.click("button.first")
    page.wait_for_selector("#said")


def _desk_correct(page: Page, world: DeskWorld, language: Language) -> None:
    world.sign_in(page, language, "care")
    page.goto(world.at(language, "/desk/correct"))


def _desk_reviews(page: Page, world: DeskWorld, language: Language) -> None:
    _desk_waiting(page, world, language)
    page.goto(world.at(language, "/desk"))
    page.fill("#number", "12345")
    page.select_option("#entity", "acme")
    page.click("button.first")
    page.wait_for_selector("[aria-invalid=true]")
    page.context.clear_cookies()
    world.sign_in(page, language, "compliance")
    page.goto(world.at(language, "/desk/reviews"))


def _desk_review(page: Page, world: DeskWorld, language: Language) -> None:
    _desk_reviews(page, world, language)
    page.click(".cases a")
    page.wait_for_selector("#why")


_LIST: Final = "手机号,退订日期,状态\n" + "".join(
    [f"138{n:08d},2025-11-20,\n" for n in range(2600)]
    + ["139****9000,2025-11-20,\n", "13900139000,2025-11-20,同意\n", "13800000000,2025-11-20,\n"]
)


def _desk_import(page: Page, world: DeskWorld, language: Language) -> None:
    world.sign_in(page, language, "care")
    page.goto(world.at(language, "/desk/import"))


def _hand_in(page: Page, text: str) -> None:
    buffer = FilePayload(name="dnc.csv", mimeType="text/csv", buffer=text.encode("gb18030"))
    page.set_input_files("#file", buffer)
    page.fill("#list", "weekly-dnc")
    page.select_option("#entity", "acme")
    page.click("button.first")
    page.wait_for_selector("#counts")


def _desk_import_counts(page: Page, world: DeskWorld, language: Language) -> None:
    _desk_import(page, world, language)
    _hand_in(page, _LIST)


def _desk_import_unreadable(page: Page, world: DeskWorld, language: Language) -> None:
    _desk_import(page, world, language)
    _hand_in(page, "手机号\n" + "13800138000\n" * 900 + "138****8000\n" * 150)


def _desk_import_running(page: Page, world: DeskWorld, language: Language) -> None:
    _desk_import_counts(page, world, language)
    world.log.batches_until_closed = 1
    page.fill("#zone", "Asia/Shanghai")
    page.keyboard.press("Enter")
    page.wait_for_selector("progress[value='1000']")


def _desk_import_done(page: Page, world: DeskWorld, language: Language) -> None:
    _desk_import_running(page, world, language)
    world.log.batches_until_closed = 1_000
    world.log.open.set()
    done = wording(language).say("title_finished")
    page.wait_for_selector(f"h1:has-text('{done}')")


SHOTS: Final = (
    Shot("preferences", _preferences),
    Shot("preferences-not-known", _not_known),
    Shot("preferences-refused", _refused),
    Shot("preferences-agree", _choose),
    Shot("preferences-code", _enter),
)
DESK_SHOTS: Final = (
    Shot("desk-sign-in", _desk_sign_in),
    Shot("desk", _desk),
    Shot("desk-denied", _desk_denied),
    Shot("desk-not-spread", _desk_not_spread),
    Shot("desk-wrong", _desk_wrong),
    Shot("desk-consent-waiting", _desk_waiting),
    Shot("desk-correct", _desk_correct),
    Shot("desk-reviews", _desk_reviews),
    Shot("desk-review", _desk_review),
    Shot("desk-import", _desk_import),
    Shot("desk-import-counts", _desk_import_counts),
    Shot("desk-import-unreadable", _desk_import_unreadable),
    Shot("desk-import-running", _desk_import_running),
    Shot("desk-import-done", _desk_import_done),
)


def main(names: list[str]) -> int:
    """Make the pictures; returns the exit code."""
    DIRECTORY.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, chromium() as browser:
        kinds = ((SHOTS, page_world, PHONE), (DESK_SHOTS, desk_world, DESKTOP))
        for shots, open_world, size in kinds:
            for shot, language in itertools.product(shots, LANGUAGES):
                name = f"{shot.name}-{language}"
                if names and not f"{name}.png".startswith(tuple(names)):
                    continue
                context = browser.new_context(viewport=size, locale=LOCALES[language])
                with open_world(Path(directory) / name) as world:
                    _make(context, shot, world, language)
    return 0


def _make(context: BrowserContext, shot: Shot, world: Any, language: Language) -> None:
    page = context.new_page()
    shot.go(page, world, language)
    path = DIRECTORY / f"{shot.name}-{language}.png"
    page.screenshot(path=path, full_page=True)
    context.close()
    print(path)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
