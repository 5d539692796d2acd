"""The preference page: what a person may refuse or agree to, per purpose and channel."""
