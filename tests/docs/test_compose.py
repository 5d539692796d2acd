"""docker-compose.yml and deploy/ against the code: all that can be checked without an engine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tools.build_docs import SERVICES, service_settings

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
_PASSWORDS = {
    "CONSENTLOG_ADMIN_PASSWORD",
    "CONSENTLOG_WRITER_PASSWORD",
    "CONSENTLOG_AUDITOR_PASSWORD",
}


def section(name: str) -> str:
    """The block of one service, without what it takes over by reference."""
    found = re.search(rf"^  {name}:\n(.*?)(?=^  \w+:|^\w|\Z)", COMPOSE, re.MULTILINE | re.DOTALL)
    assert found is not None, name
    return found[1]


def test_it_says_at_the_top_what_was_not_run() -> None:
    assert "NOT RUN" in "".join(COMPOSE.splitlines(keepends=True)[:5])


def test_every_variable_is_one_that_the_code_reads() -> None:
    known = {row.variable for rows in service_settings().values() for row in rows}
    used = set(re.findall(r"\bCONSENTLOG_[A-Z_]+", COMPOSE))
    assert used - _PASSWORDS <= known


def test_each_service_runs_its_package_and_is_told_what_it_must_be() -> None:
    shared = {
        "*kafka": {"CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS", "CONSENTLOG_LOG__FORMAT"},
        "*reference": {
            "CONSENTLOG_REGISTRY_FILE",
            "CONSENTLOG_POLICY_FILE",
            "CONSENTLOG_SECRETS_FILE",
        },
    }
    for service, rows in service_settings().items():
        block = section(service)
        assert f'command: ["{SERVICES[service]}"]' in block
        told = set(re.findall(r"(CONSENTLOG_[A-Z_]+):", block))
        for alias, names in shared.items():
            told |= names if alias in block else set()
        must = {row.variable for row in rows if row.default is None}
        assert must <= told, service


def test_every_port_is_published_on_loopback_only() -> None:
    published = re.findall(r"ports: \[(.*?)\]", COMPOSE)
    assert len(published) == 4
    assert all(entry.startswith('"127.0.0.1:') for entry in published)


def test_kafka_is_the_version_that_the_local_stack_runs() -> None:
    lock = (ROOT / "consentlog" / "local" / "kafka-jars.lock").read_text("utf-8")
    found = re.search(r"kafka_2\.13:([\d.]+)", lock)
    assert found is not None
    assert f"image: apache/kafka:{found[1]}" in COMPOSE


def test_the_passwords_are_named_in_the_example() -> None:
    example = (ROOT / "deploy" / "compose.env.example").read_text("utf-8")
    assert set(re.findall(r"^(CONSENTLOG_[A-Z_]+)=$", example, re.MULTILINE)) == _PASSWORDS


def test_the_image_holds_the_packages_of_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = re.findall(r"^COPY (\w+) /opt/consentlog/\1$", DOCKERFILE, re.MULTILINE)
    assert sorted(copied) == sorted(packages)
    allowed = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert all(f"!{package}" in allowed for package in packages)
