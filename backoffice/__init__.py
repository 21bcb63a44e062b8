"""The back office, by subject: each folder has its models, services and rules.

Services take the session and `now` as arguments and never commit: the entry points own the
transaction.
"""
