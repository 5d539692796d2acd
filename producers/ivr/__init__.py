"""Digits that people press in a phone menu: refusals, holds, or nothing; never a consent."""
