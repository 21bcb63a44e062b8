"""Settings, and the wiring of adapters to ports: the only package that imports adapters."""
