"""The desk: where clerks record what people say to them, for phone and customer service."""
