"""Fingerprint sensors of the ZFM/R30x family (Hi-Link, AS608) on a serial port."""
