"""Fakes behind the ports, each held to the contract suite that the real adapter passes."""
