"""Channels to events: the gateway."""
