"""Pictures and papers that citizens hand in: checked, made harmless, encrypted at rest."""
