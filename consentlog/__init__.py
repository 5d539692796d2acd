"""consentlog: domain, wire, ports, adapters and operations of the opt-out pipeline."""
