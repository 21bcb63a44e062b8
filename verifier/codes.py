"""The code of a result: 19 random Crockford characters (95 bits) and one check character.

Short enough to type, too long to guess. The check character tells a slip of the finger (any one
wrong character, almost all swapped neighbours) from a code that was never issued.
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 20
_GROUP = 4
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0"})


def new_code() -> str:
    """A fresh code, without separators."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + _check_character(body)


def normalise_code(typed: str) -> str:
    """What was typed, as stored: capitals, look-alikes resolved, full-width and dashes gone."""
    plain = "".join(
        chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c  # full-width forms
        for c in typed
        if not c.isspace()
    )
    return "".join(c for c in plain.upper() if c not in "-_—–－·.").translate(_LOOKALIKES)


def code_is_wellformed(code: str) -> bool:
    """Whether a normalised code has the right length, characters and check character."""
    return (
        len(code) == LENGTH
        and all(c in _VALUE for c in code)
        and _check_character(code[:-1]) == code[-1]
    )


def group_code(code: str) -> str:
    """For reading aloud and typing: `7K3M-…` in groups of four."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def _check_character(body: str) -> str:
    # Luhn's algorithm over 32 symbols: doubles every second one from the right.
    total = 0
    for place, character in enumerate(reversed(body)):
        value = _VALUE[character] * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]
