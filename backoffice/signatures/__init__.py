"""Signatures: strokes and picture, bound to exactly what was signed."""
