"""Habits of the code that no linter holds: CONTRIBUTING.md, "How code reads here"."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("consentlog", "schemas", "producers", "processors", "sinks", "dialers", "auditors")
CODE = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ALL_CODE = sorted(
    [
        *CODE,
        *(
            path
            for room in ("tests", "tools", "benchmarks")
            for path in (ROOT / room).rglob("*.py")
        ),
    ]
)
_EXCEPTION = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b.*")
_WITH_REASON = re.compile(
    r"# (?:noqa: [A-Z]+\d+(?:, [A-Z]+\d+)*|type: ignore\[[a-z-]+(?:, [a-z-]+)*\])  # \S.*"
)
_HOST = re.compile(r"https?://([\w-]+(?:\.[\w-]+)+)")
_KNOWN_HOST = re.compile(r"127\.0\.0\.1|www\.apache\.org|.*\.example")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module or ""


def test_the_domain_imports_the_standard_library_and_itself() -> None:
    for path in (ROOT / "consentlog" / "domain").glob("*.py"):
        for module in imported(path):
            if module.partition(".")[0] not in sys.stdlib_module_names:
                assert module.startswith("consentlog.domain"), f"{name_of(path)}: {module}"


def test_only_settings_read_the_environment() -> None:
    """By any name: `os.environ`, `os.getenv`, or imported from `os`."""
    found = {
        name_of(path)
        for path in CODE
        if re.search(r"\benviron\b(?!ment)|\bgetenv\b", path.read_text("utf-8"))
    }
    assert found <= {"consentlog/settings.py", "consentlog/local/settings.py"}


def test_every_exception_from_a_rule_has_its_reason() -> None:
    bare = [
        f"{name_of(path)}: {found[0]}"
        for path in ALL_CODE
        if path != Path(__file__)
        for found in _EXCEPTION.finditer(path.read_text("utf-8"))
        if not _WITH_REASON.fullmatch(found[0])
    ]
    assert bare == []


def test_no_file_names_a_package_index_or_repository() -> None:
    """Who installs chooses the mirror; the pinned hashes make it safe."""
    rooms = [*PACKAGES, *("requirements", "deploy", "docs", "tools", "benchmarks", "tests", ".ci")]
    files = [path for room in rooms for path in (ROOT / room).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file()]
    found = {
        f"{name_of(path)}: {host}"
        for path in files
        if path.suffix != ".pyc"
        for host in _HOST.findall(path.read_text("utf-8", "replace"))
        if not _KNOWN_HOST.fullmatch(host)
    }
    assert found == set()
    for path in (ROOT / "requirements").iterdir():
        options = re.findall(r"^\s*(-{1,2}[a-z-]+)", path.read_text("utf-8"), re.MULTILINE)
        assert set(options) <= {"--hash", "-r"}, path


def test_nothing_is_left_to_do() -> None:
    for path in CODE:
        assert not re.search(r"\b(?:TODO|FIXME|XXX|HACK)\b", path.read_text("utf-8")), path
