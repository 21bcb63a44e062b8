"""What can go wrong while somebody shows who they are."""

from backoffice.errors import CitizenError


class PhoneNotMobile(CitizenError):
    """Not a mainland mobile number (11 digits, 13 to 19)."""

    code = "identity.phone_not_mobile"


class TooManyCodes(CitizenError):
    """A limit of codes for this phone or this conversation is reached.

    Params: wait_s, seconds until another may be asked for; wait, the same in words of the text.
    """

    code = "identity.too_many_codes"
    status = 429


class NoCodePending(CitizenError):
    """No code was sent in this conversation, or it was used already."""

    code = "identity.no_code_pending"


class CodeExpired(CitizenError):
    """The code is older than its five minutes."""

    code = "identity.code_expired"


class WrongCode(CitizenError):
    """Not the code that was sent. Params: left, how many tries remain."""

    code = "identity.wrong_code"


class TooManyTries(CitizenError):
    """The code was guessed wrong too often; it is closed and a new one is needed."""

    code = "identity.too_many_tries"
    status = 429
