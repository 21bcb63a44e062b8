"""The catalogue of service items: schema, loader, cross-checks, training data. Pure, no database."""
