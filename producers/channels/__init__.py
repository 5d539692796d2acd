"""One file per channel: what it sends, what it is answered."""
