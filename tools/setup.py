"""Make .venv in this checkout: `python3 tools/setup.py` (stdlib only; `make setup` calls it).

Wheels are kept in the download cache, so a second clone installs offline. Hashes are checked
whatever the source. The lock leaves out packages that clients name but nothing here uses, hence
--no-deps.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".consentlog-stamp"
LOCK = ROOT / "requirements" / "dev.txt"
OLDEST, NEWEST = (3, 11), (3, 14)
PIP = (str(PYTHON), "-m", "pip", "--disable-pip-version-check")
HASHED = ("--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(LOCK))


def main() -> int:
    """Bring .venv up to date; quick if it is."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        have = ".".join(map(str, sys.version_info[:2]))
        return refuse(
            f"Python 3.11 to 3.14 is needed, this is {have}: run `make PYTHON=python3.12`."
        )
    wanted = stamp()
    if STAMP.exists() and STAMP.read_text("utf-8") == wanted and works():
        return 0
    started = time.monotonic()
    try:
        make_environment()
        install_requirements(wheelhouse())
        say("Installing consentlog itself")
        run(
            *PIP, "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-e", "."
        )
    except subprocess.CalledProcessError as error:
        return refuse(f"Set-up failed at: {' '.join(map(str, error.cmd[:6]))} ... (see above).")
    STAMP.write_text(wanted, "utf-8")
    say(f"Ready after {time.monotonic() - started:.0f} s: {VENV}")
    return 0


def stamp() -> str:
    """Return what .venv depends on, as one hash."""
    digest = hashlib.sha256()
    for path in (LOCK, ROOT / "pyproject.toml", Path(__file__)):
        digest.update(path.read_bytes())
    digest.update(f"{ROOT}\0{sys.version}".encode())
    return digest.hexdigest()


def works() -> bool:
    """Whether the environment's Python starts and has the project."""
    if not PYTHON.exists():
        return False
    argv = [str(PYTHON), "-c", "import consentlog"]
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0


def make_environment() -> None:
    """Make .venv unless it is there and starts."""
    if PYTHON.exists() and subprocess.run(PIP, check=False, capture_output=True).returncode == 0:
        return
    say(f"Making {VENV}")
    shutil.rmtree(VENV, ignore_errors=True)
    argv = [sys.executable, "-m", "venv", str(VENV)]
    if subprocess.run(argv, check=False, capture_output=True).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(
            refuse(
                "Python's venv module is incomplete here: install it (Debian, Ubuntu: "
                "`apt install python3-venv`) and run the same command again."
            )
        )


def wheelhouse() -> Path:
    """Return the directory of downloaded wheels."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    cache = Path(os.environ.get("CONSENTLOG_LOCAL__CACHE_DIR", "")).expanduser()
    if cache == Path():
        cache = (Path(home) if home.startswith("/") else Path.home() / ".cache") / "consentlog"
    folder = cache.absolute() / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def install_requirements(wheels: Path) -> None:
    """Install from the wheelhouse; fill it first if it lacks something."""
    offline = (*PIP, "install", "--quiet", "--no-index", "--find-links", str(wheels), *HASHED)
    say(f"Installing {count()} pinned packages")
    if subprocess.run(offline, check=False, capture_output=True, cwd=ROOT).returncode == 0:
        return
    say(f"Downloading them into {wheels} (once; about 270 MB)")
    run(*PIP, "download", "--dest", str(wheels), *HASHED, shown="Downloading ")
    run(*offline)


def count() -> int:
    """Return the number of pinned packages."""
    return sum("==" in line for line in LOCK.read_text("utf-8").splitlines())


def run(*argv: str, shown: str | None = None) -> None:
    """Run a step; with `shown`, print only its lines that start so, and all of it if it fails."""
    if shown is None:
        subprocess.run(argv, check=True, cwd=ROOT)
        return
    lines = []
    pipe, merged = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(argv, stdout=pipe, stderr=merged, text=True, cwd=ROOT) as process:
        for line in process.stdout or ():
            lines.append(line)
            if line.strip().startswith(shown):
                say("  " + line.strip().rpartition("/")[2])
    if process.returncode:
        sys.stderr.writelines(lines[-20:])
        raise subprocess.CalledProcessError(process.returncode, argv)


def say(line: str) -> None:
    """Print one line of progress."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def refuse(sentence: str) -> int:
    """Say in one sentence why it cannot be done."""
    say(sentence)
    return 1


if __name__ == "__main__":
    sys.exit(main())
