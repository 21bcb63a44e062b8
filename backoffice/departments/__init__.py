"""Cases that a department also keeps in a system of its own."""
