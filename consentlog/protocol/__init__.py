"""How state travels from its one owner to every reader; pure, between the wire and the adapters."""
