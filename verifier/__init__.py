"""Checks a result of the hall offline, with nothing but the published keys.

Stands alone: needs only `cwt` and `cbor2`, knows no database and no network, and is also what the
hall's own verification page uses, so that both always answer the same.
"""

from verifier.claims import Claims
from verifier.codes import code_is_wellformed, group_code, new_code, normalise_code
from verifier.keyset import KeySet, PublicKey, UnusableKeys
from verifier.status import StatusList, read_status
from verifier.text import Presented, encode_text, read_text
from verifier.token import Altered, OtherKey, check_token

__all__ = [
    "Altered", "Claims", "KeySet", "OtherKey", "Presented", "PublicKey", "StatusList",
    "UnusableKeys", "check_token", "code_is_wellformed", "encode_text", "group_code",
    "new_code", "normalise_code", "read_status", "read_text",
]  # fmt: skip
