"""Which numbers a message may go to."""

import re

from integrations.ports import Rejected

_MAINLAND_MOBILE = re.compile(r"1[3-9][0-9]{9}")


def check_number(phone: str) -> None:
    """Both adapters refuse the same numbers, before anything leaves.

    Raises:
        Rejected: not a mainland mobile number of 11 digits.
    """
    if not _MAINLAND_MOBILE.fullmatch(phone):
        raise Rejected("sms: not a mainland mobile number")
