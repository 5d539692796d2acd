"""Lists of refusals from files: read, looked over, sent through the gateway, resumed."""
