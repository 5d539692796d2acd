"""What an error of librdkafka means here, and asking a broker again while it makes sense."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

from consentlog.observability.logging import get_logger
from processors.transport.exit import ExitCode

_log = get_logger(__name__)
_T = TypeVar("_T")

_TRUNCATED = {
    KafkaError._AUTO_OFFSET_RESET,
    KafkaError._LOG_TRUNCATION,
    KafkaError.OFFSET_OUT_OF_RANGE,
}
_REFUSED = {
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
}
_PASSING = {
    KafkaError._TIMED_OUT,
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._WAIT_COORD,
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.REQUEST_TIMED_OUT,
}


def exit_code(error: KafkaError) -> ExitCode | None:
    """Say whether an error ends the process.

    Args:
        error: What librdkafka reported.

    Returns:
        The code to exit with, or None if librdkafka gets over it by itself.
    """
    if error.code() in _TRUNCATED:
        return ExitCode.LOG_TRUNCATED
    if error.code() == KafkaError._MAX_POLL_EXCEEDED:
        return ExitCode.STUCK
    if error.fatal() or error.code() in _REFUSED:
        return ExitCode.UNEXPECTED
    return None


def exit_code_of(raised: BaseException) -> ExitCode:
    """Say with which code an exception ends the process."""
    if isinstance(raised, KafkaException):
        return exit_code(raised.args[0]) or ExitCode.UNEXPECTED
    return ExitCode.UNEXPECTED


def is_passing(error: KafkaError) -> bool:
    """Say whether the same question may be answered a moment later."""
    return error.retriable() or error.code() in _PASSING


def asked(question: Callable[[], _T], limit_seconds: float) -> _T:
    """Ask until a broker answers.

    Args:
        question: Raises `KafkaException` when it was not answered.
        limit_seconds: Longest time in all.

    Returns:
        The answer.

    Raises:
        KafkaException: If the error does not pass, or did not within the limit.
    """
    deadline = time.monotonic() + limit_seconds
    while True:
        try:
            return question()
        except KafkaException as exc:
            if not is_passing(exc.args[0]) or time.monotonic() > deadline:
                raise
            _log.info("broker_asked_again", error=exc.args[0].str())
            time.sleep(0.1)
