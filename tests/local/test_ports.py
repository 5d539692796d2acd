"""Ports: the wanted one if free, else another that nobody was promised."""

from __future__ import annotations

import socket

from consentlog.local.ports import free_port, is_free


def test_a_taken_port_gives_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        other = free_port(port)
    assert other != port
    assert 20_000 <= other < 32_000


def test_a_promised_port_is_not_promised_again() -> None:
    port = free_port()
    assert free_port(port) == port
    assert free_port(port, {port}) != port
