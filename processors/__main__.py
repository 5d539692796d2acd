"""`consentlog-fold`: folds the events topic into the state topic."""

from __future__ import annotations

import logging
import sys

import faust

from consentlog.errors import FatalError
from consentlog.garbage import collect_rarely
from consentlog.observability.logging import configure_logging
from consentlog.observability.probe import ProbeServer
from processors.app import build_service
from processors.settings import FoldSettings


def main() -> None:
    """Run the worker until a signal or something unexpected ends it."""
    try:
        settings = FoldSettings.read()
    except FatalError as exc:
        sys.exit(f"{exc}\n{exc.do()}")
    configure_logging(settings.log, "fold")
    service = build_service(settings)
    ProbeServer(settings.probe.port, service.is_live, service.is_ready).start()
    for name in ("faust", "mode"):
        # Their news of every service's start and every late timer are not the operator's.
        logging.getLogger(name).setLevel(logging.WARNING)
    collect_rarely()
    service.start_threads()
    worker = faust.Worker(service.app, override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None  # it writes escape codes between the log's lines
    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
