"""Rows of a list as a gateway takes them: many at once, with what they share stated once."""
