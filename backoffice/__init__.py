"""The back office: everything that holds citizens' data, by subject."""
