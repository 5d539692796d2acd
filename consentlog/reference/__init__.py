"""Dated data files: who is who, which policy holds, which words count; and the secrets."""
