"""Departments' own systems, to which cases are handed over."""
