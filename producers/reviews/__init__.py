"""Cases for a person: opened, followed, decided."""
