"""Check the built wheel where nobody develops: `.venv/bin/python -m tools.check_wheel`.

Builds it, installs it into a fresh environment with the hash-checked lock of the runtime, and uses
it from a directory outside the checkout in which a folder `producers` lies in wait. Wheels of other
packages come from the download cache of `make setup`. Exit 1 with the first thing that is wrong.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from tools.setup import ROOT, say, wheelhouse

LOCK = ROOT / "requirements" / "runtime.txt"
INSIDE = Path(__file__).with_name("inside_wheel.py")
NUMBERS = b"138-0013-8000\n62345678\n"
ANSWERS = (
    b'{"input": "138-0013-8000", "subject": "+8613800138000", "reason": null}\n'
    b'{"input": "62345678", "subject": null, "reason": "not_valid"}\n'
)


class Wrong(Exception):
    """What the check found."""


def main() -> int:
    """Run every step; print how long each took."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="consentlog-wheel-") as directory:
        try:
            check(Path(directory))
        except Wrong as wrong:
            say(f"The wheel is not right: {wrong}")
            return 1
    say(f"The wheel is right ({time.monotonic() - started:.0f} s)")
    return 0


def check(folder: Path) -> None:
    """Build, install and use the wheel inside `folder`."""
    wheel = build(folder / "dist")
    python = install(folder / "venv", wheel)
    elsewhere = folder / "elsewhere"
    decoy = elsewhere / "producers"
    decoy.mkdir(parents=True)
    (decoy / "__init__.py").write_text("raise ImportError('a folder where somebody works')\n")
    say(f"Using it in {elsewhere}")
    run(python, "-P", INSIDE, *packages(), cwd=elsewhere)
    program = python.with_name("consentlog")
    for line in ((program, "--help"), (program, "--version")):
        run(*line, cwd=elsewhere)
    for command in run(python, "-P", INSIDE, "--commands", cwd=elsewhere).decode().split():
        run(program, command, "--help", cwd=elsewhere)
    argv = (program, "numbers", "--region", "CN", "--json")
    if (found := run(*argv, cwd=elsewhere, given=NUMBERS)) != ANSWERS:
        raise Wrong(f"consentlog numbers answered {found.decode()!r}")


def packages() -> list[str]:
    """Return the packages that pyproject.toml puts into the wheel."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    names: list[str] = document["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return names


def build(folder: Path) -> Path:
    """Build the wheel with the locked hatchling of this environment."""
    say("Building the wheel")
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, "-t", "wheel", cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(folder: Path, wheel: Path) -> Path:
    """Make an environment with the runtime's lock and the wheel; returns its Python."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    locked = ("--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", LOCK)
    say("Installing the runtime's lock into a fresh environment")
    try:
        run(*pip, "--no-index", "--find-links", wheelhouse(), *locked, cwd=folder)
    except Wrong:
        say("The download cache lacks something: asking the index that pip is set up for")
        run(*pip, *locked, cwd=folder)
    run(*pip, "--no-index", "--no-deps", wheel, cwd=folder)
    return python


def run(*argv: str | Path, cwd: Path, given: bytes = b"") -> bytes:
    """Run one command; returns its stdout.

    Raises:
        Wrong: If it fails, with what it said.
    """
    done = subprocess.run(argv, input=given, capture_output=True, check=False, cwd=cwd, timeout=600)
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise Wrong(f"`{' '.join(map(str, argv))}` exited with {done.returncode}:\n{said[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
