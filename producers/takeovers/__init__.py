"""Documented consents of an older system: one by one, from a list that a second person approved."""
