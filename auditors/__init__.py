"""Questions an auditor asks of the history."""
