"""Print what was counted: how many cases a test of the small world compared."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the properties that passed tests recorded as `cases`, one line a test."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "cases" and report.when == "call":
                test = report.nodeid.rpartition("::")[2]
                terminalreporter.write_line(f"{test}: {value}")
