"""The compacted state topic in memory, and the gate that answers from it."""
