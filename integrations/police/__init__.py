"""The police's check of a person's name, number and photo (公安核验)."""
