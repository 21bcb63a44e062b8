"""The online window's desk."""
