"""What `tools.check_wheel` runs inside the wheel's environment, as a script with `python -P`.

Arguments: the packages that the wheel must have; or `--commands` to list those of the CLI.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module, resources
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

SERVICES = ("producers", "processors", "sinks", "dialers")


def main(arguments: Sequence[str]) -> None:
    """Check what is installed, or list the commands."""
    if arguments == ["--commands"]:
        from consentlog.cli.main import COMMANDS

        print(*COMMANDS)
        return
    check_packages(arguments)
    check_imports(arguments)
    check_data()


def check_packages(names: Sequence[str]) -> None:
    """Check that the wheel has these top-level packages, and nobody else ships one of them."""
    found = distribution("consentlog")
    top = {file.parts[0] for file in found.files or ()} - {".."}
    wanted = {*names, f"consentlog-{found.version}.dist-info"}
    require(top == wanted, f"top level is {sorted(top)}, not {sorted(wanted)}")
    owners = packages_distributions()
    for name in names:
        require(owners.get(name) == ["consentlog"], f"{name} belongs to {owners.get(name)}")


def check_imports(names: Sequence[str]) -> None:
    """Check that each package, and each service's entry point, is imported from the wheel."""
    for name in (*names, *(f"{service}.__main__" for service in SERVICES)):
        place = Path(import_module(name).__file__ or "")
        require(place.is_relative_to(sys.prefix), f"{name} was imported from {place}")


def check_data() -> None:
    """Load the data that is packaged: registry, policies, words, schemas, texts of errors."""
    from consentlog.errors import catalogue
    from consentlog.reference.load import load_policy, load_registry
    from consentlog.reference.words import load_words
    from consentlog.wire.schemas import parsed, pinned

    with resources.as_file(resources.files("consentlog.reference")) as folder:
        registry = load_registry(folder / "demo" / "registry.toml")
        load_policy(folder / "demo" / "policy.toml", registry)
        for legal in folder.glob("policy-*.toml"):
            load_policy(legal)
    require(bool(load_words()), "no words")
    require(bool(catalogue()), "no texts of errors")
    require(all(parsed(schema_id) for schema_id in pinned()), "no schemas")


def require(holds: bool, otherwise: str) -> None:
    """Leave with a sentence unless it holds."""
    if not holds:
        sys.exit(otherwise)


if __name__ == "__main__":
    main(sys.argv[1:])
