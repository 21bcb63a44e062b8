"""The border to the outside: `ports.py` says what we need, one folder per outside system does it."""
