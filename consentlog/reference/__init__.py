"""Dated data files: registry and policy rows, read and checked at start."""
