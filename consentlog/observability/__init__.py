"""Logs, masking, probes, metrics."""
