"""Bilingual texts of every error code, one TOML file per area."""
