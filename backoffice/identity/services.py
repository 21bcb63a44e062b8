"""The public face of identity; other packages import from here only."""

from backoffice.identity.accounts import phone_index
from backoffice.identity.chips import record_chip_proof
from backoffice.identity.proofs import (
    FACE_CONSENT,
    FACE_CONSENT_VERSION,
    consent_of,
    phone_of,
    proofs_of,
    record_card_back_proof,
    record_card_proof,
    record_consent,
    record_face_proof,
)
from backoffice.identity.sign_in import (
    GENEROUS,
    CodeLimits,
    Confirmation,
    SignIn,
    code_pending,
    confirm_sign_in,
    start_sign_in,
)

__all__ = [
    "FACE_CONSENT",
    "FACE_CONSENT_VERSION",
    "GENEROUS",
    "CodeLimits",
    "Confirmation",
    "SignIn",
    "code_pending",
    "confirm_sign_in",
    "consent_of",
    "phone_index",
    "phone_of",
    "proofs_of",
    "record_card_back_proof",
    "record_card_proof",
    "record_chip_proof",
    "record_consent",
    "record_face_proof",
    "start_sign_in",
]
