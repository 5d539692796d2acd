"""What every HTTP interface here shares: problems, keys, headers."""
