"""Fingerprints: comparing them, and the sensor at the desk."""
