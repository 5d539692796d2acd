"""The texts of the repository against the repository: headings, links, paths, lengths."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda path: path.as_posix()
)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`([\w.*-]+(?:/[\w.*-]+)+)`")
_ROLES = ("producers", "processors", "sinks", "dialers", "auditors")
_ROOMS = (
    *("consentlog", "schemas", *_ROLES),
    *("tests", "docs", "tools", "deploy", "benchmarks", "requirements", "demo", ".ci"),
)


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def levels(text: str) -> list[int]:
    """Depth of each heading, outside of code blocks."""
    prose = _FENCE.sub("", text)
    return [len(mark) for mark in re.findall(r"^(#+) ", prose, re.MULTILINE)]


def links(text: str) -> set[str]:
    return {link for link in _LINK.findall(text) if "://" not in link}


def test_the_readme_is_short() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        assert len(text_of(name).splitlines()) <= 150


def test_both_readmes_have_the_same_headings_rows_links_and_commands() -> None:
    english, chinese = text_of("README.md"), text_of("README.zh-CN.md")
    assert levels(english) == levels(chinese)
    assert links(english) - {"README.zh-CN.md"} == links(chinese) - {"README.md"}
    for pattern in (r"^\|.*\|$", r"^(?:make|curl|\.venv/bin/\S+) [^#\n]*", r"<!-- .*? -->"):
        found = [re.findall(pattern, text, re.MULTILINE) for text in (english, chinese)]
        if pattern.startswith("^\\|"):
            assert len(found[0]) == len(found[1])
        else:
            assert [one.strip() for one in found[0]] == [one.strip() for one in found[1]]


def test_both_readmes_name_the_same_tests() -> None:
    named = [set(_NAMED.findall(text_of(name))) for name in ("README.md", "README.zh-CN.md")]
    assert named[0] == named[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in links(page.read_text("utf-8")):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_named_exists(page: Path) -> None:
    for name in _NAMED.findall(page.read_text("utf-8")):
        parts = name.split("/")
        if parts[0] in _ROOMS and "." in parts[-1]:
            assert list(ROOT.glob(name)), name


def test_the_data_path_is_one_file_an_arrow() -> None:
    text = text_of("docs/architecture.md")
    path = text.partition("<!-- path:begin -->")[2].partition("<!-- path:end -->")[0]
    named = _NAMED.findall(path)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_decisions_are_short_and_listed() -> None:
    listed = text_of("docs/adr/README.md")
    for page in (ROOT / "docs" / "adr").glob("0*.md"):
        assert len(page.read_text("utf-8").splitlines()) <= 60
        assert f"({page.name})" in listed


def test_every_direct_dependency_has_its_line() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["local"]]
    for name in ("runtime.in", "local.in", "dev.in"):
        lines = text_of(f"requirements/{name}").splitlines()
        wanted += [line for line in lines if line and not line.startswith(("#", "-r"))]
    page = text_of("docs/adr/0005-dependencies.md")
    for requirement in wanted:
        found = re.match(r"[A-Za-z0-9_.-]+", requirement)
        assert found is not None
        assert found[0] in page, found[0]


def test_every_metric_named_to_operators_exists() -> None:
    sources = [path for room in ("consentlog", *_ROLES) for path in (ROOT / room).rglob("*.py")]
    code = "\n".join(path.read_text("utf-8") for path in sources)
    named = set(re.findall(r"`(consentlog_[a-z]+_[a-z_]+)", text_of("docs/operations.md")))
    assert len(named) > 5
    for name in named:
        # prometheus_client adds the suffix to counters that were declared without it.
        assert f'"{name}"' in code or f'"{name.removesuffix("_total")}"' in code, name
