"""Reading pictures: identity cards and faces."""
