"""Passwords of staff: argon2id with the library's current parameters."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backoffice.errors import CitizenError

SHORTEST = 12


class PasswordTooWeak(CitizenError):
    """Too short, or the user's own name."""

    code = "staff.password_too_weak"


_hasher = PasswordHasher()


def hash_password(password: str, *, username: str) -> str:
    """The hash to store.

    Raises:
        PasswordTooWeak: shorter than `SHORTEST`, or made of the user name.
    """
    if len(password) < SHORTEST or username.casefold() in password.casefold():
        raise PasswordTooWeak(shortest=SHORTEST)
    return _hasher.hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Whether the password is right; takes as long when there is no such user (`stored` None)."""
    try:
        return _hasher.verify(stored or _nobodys_hash(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
