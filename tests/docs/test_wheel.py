"""The wheel holds the seven packages with their data, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("auditors", "consentlog", "dialers", "processors", "producers", "schemas", "sinks")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Paths inside a wheel just built."""
    folder = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), "-t", "wheel"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_its_top_level_is_the_seven_packages(names: set[str]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    found = {name.partition("/")[0] for name in names}
    assert found == {*PACKAGES, f"consentlog-{version}.dist-info"}


def test_every_file_of_the_packages_is_in_it(names: set[str]) -> None:
    """Data files too: catalogue, schemas, migrations, the demo's day, words, Kafka's jars."""
    there = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there - names == set()
    assert {name.rpartition(".")[2] for name in there} >= {"py", "toml", "sql", "avsc", "json"}
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_its_commands_are_the_five(names: set[str]) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert sorted(scripts) == sorted(
        ["consentlog", *(f"consentlog-{one}" for one in ("gateway", "fold", "sink", "gate"))]
    )
    for target in scripts.values():
        assert f"{target.partition(':')[0].replace('.', '/')}.py" in names
