"""The border to the outside: `ports` says what we need, one folder per outside system does it."""
