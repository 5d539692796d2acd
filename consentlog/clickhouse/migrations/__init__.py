"""Numbered migrations; a published one is never edited, the runner refuses a changed checksum."""
