"""Registers that are asked yes/no questions: 居住登记, 社会保险."""
