"""Kiosks' device daemons: which are ours, what they are to do, what they read."""
