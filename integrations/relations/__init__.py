"""The registers of marriages, births and households."""
