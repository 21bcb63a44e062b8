"""Deletions that somebody asked for, and the ledger that repeats them after a restore."""
