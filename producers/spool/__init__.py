"""What was accepted, on this machine's disk, until the log has it: nothing else may lose it."""
