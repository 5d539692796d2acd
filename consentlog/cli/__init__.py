"""The `consentlog` command: one file per command group."""
