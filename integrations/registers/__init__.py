"""The authorities' registers, asked yes/no questions."""
