"""The demo: one checked-in day of refusals, played on the real parts and judged to the letter.

`day/` holds what a vendor, an agent's desk or an app would send, one JSON file a step, the sample
dialer's call list, and what must come out. Nothing here is used by a service.
"""
