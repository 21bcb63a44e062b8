"""What an operator runs: start and stop, backup and restore, the whole test run.

Called by the Makefile. Standard library plus a few packages of the root environment; nothing of
the product imports it.
"""
