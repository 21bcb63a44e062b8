"""Devices at a kiosk: adapters of the ports for what hangs on its serial lines."""
