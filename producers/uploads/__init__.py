"""Lists that clerks hand in at the desk: kept on disk, looked over, sent, and forgotten in time."""
