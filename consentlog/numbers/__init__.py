"""From what a source wrote to a subject, or to the reason why not."""
