"""Checking the signature of a token: COSE_Sign1 (RFC 9052) with ES256."""

from typing import Any

import cbor2
from cwt import COSE
from cwt.exceptions import CWTError

from verifier.claims import Claims, NotOurClaims
from verifier.keyset import TEST_PREFIX, KeySet, PublicKey

ALG, KID, TYP = 1, 4, 16
ES256 = -7
RESULT_TYPE = "xz-result"
STATUS_TYPE = "statuslist+cwt"
_SIGN1_TAG = 18


class Altered(Exception):
    """The bytes are not what was signed."""


class OtherKey(Exception):
    """Signed, it says, with a key that is not among the published ones.

    Attributes:
        test: it names a key of a demonstration.
        code: the code that it claims; not to be trusted.
    """

    def __init__(self, *, test: bool, code: str | None) -> None:
        super().__init__("other key")
        self.test = test
        self.code = code


def check_token(token: bytes, keys: KeySet) -> tuple[Claims, PublicKey]:
    """The content of a result's token and the key that signed it.

    Whether it has expired or was revoked is not looked at here.

    Raises:
        Altered: damaged, changed, or not a result of ours in form.
        OtherKey: names a key that is not published.
    """
    claims, key = check_signature(token, keys, RESULT_TYPE)
    try:
        return Claims.from_map(claims), key
    except NotOurClaims as exc:
        raise Altered from exc


def check_signature(token: bytes, keys: KeySet, kind: str) -> tuple[Any, PublicKey]:
    """The signed content of a token of that kind. Raises Altered, OtherKey."""
    header, payload = _take_apart(token)
    kid = header.get(KID)
    if set(header) != {ALG, KID, TYP} or header[ALG] != ES256 or not isinstance(kid, bytes):
        raise Altered
    if header[TYP] != kind:  # a status list must not pass for a result
        raise Altered
    key = keys.keys.get(kid.decode("ascii", "replace"))
    if key is None:
        test = kid.startswith(TEST_PREFIX.encode())
        raise OtherKey(test=test, code=_claimed_code(payload))
    try:
        signed = COSE.new(verify_kid=True).decode(token, key.to_cose())
        return cbor2.loads(signed), key
    except (CWTError, cbor2.CBORError, ValueError, TypeError) as exc:
        raise Altered from exc


def _take_apart(token: bytes) -> tuple[dict[Any, Any], bytes]:
    """Protected header and payload, only in the one spelling that the issuer writes."""
    try:
        message = cbor2.loads(token)
        protected, unprotected, payload, signature = message.value
        header = cbor2.loads(protected)
    except (cbor2.CBORError, ValueError, TypeError, AttributeError, RecursionError) as exc:
        raise Altered from exc
    # What is not signed must be empty, and nothing may hang on behind, or two different
    # byte strings would both pass for the same result.
    plain = isinstance(payload, bytes) and isinstance(signature, bytes)
    if not plain or not isinstance(header, dict) or unprotected != {} or message.tag != _SIGN1_TAG:
        raise Altered
    if cbor2.dumps(cbor2.CBORTag(_SIGN1_TAG, [protected, {}, payload, signature])) != token:
        raise Altered
    return header, payload


def _claimed_code(payload: bytes) -> str | None:
    try:
        return Claims.from_map(cbor2.loads(payload)).code
    except (NotOurClaims, cbor2.CBORError, ValueError, TypeError, RecursionError):
        return None
