"""What every HTTP service here shares: application, keys, problems, limits, server."""
