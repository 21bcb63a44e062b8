"""The daemon at a kiosk: owns the devices on its serial lines and speaks for them to the server.

Started with `python -m devices`; see docs/devices.md. Runs on the kiosk's own machine, so it knows
the server by its HTTP interface only.
"""
