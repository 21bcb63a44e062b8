"""People who work in the hall: accounts, log-in, sessions, roles."""
