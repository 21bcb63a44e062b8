"""The closed word lists of the catalogue: what an item file may refer to.

A name belongs here when a program must know it. Words that trainers may add freely (departments,
items still to come, sources) are data: `data/parameters/` and `data/sources.yml`.
"""

from typing import Literal, get_args

Status = Literal["verified", "verified_secondary", "assumed", "mixed"]
"""How far a fact may be promised.

verified: read in a law, an official notice, or the press quoting one; may be promised.
verified_secondary: read only in a guide or a reprint; say 以公告为准.
assumed: no source found; never promised.
mixed: the parts of the group differ, see each.
"""

Act = Literal[
    "apply_item", "ask_what", "ask_conditions", "ask_materials", "ask_fee", "ask_time",
    "ask_process", "ask_place", "ask_amount", "ask_validity", "ask_progress", "describe_need",
    "take_ticket", "withdraw", "cancel",
]  # fmt: skip
"""Dialogue acts that can name an item, so that an item file may bring examples for them."""

IdentityLevel = Literal["none", "sms", "id_face", "in_person"]
FieldType = Literal[
    "text", "id_number", "phone", "date", "choice", "address", "region", "number",
    "photo", "document", "signature",
]  # fmt: skip
Prefill = Literal[
    "id_card", "login_account", "permit_db", "ssi_db", "licence_db", "civil_db", "disability_db",
    "social_card", "standard_address_db", "rental_house_register", "auto_check", "tax_db",
]  # fmt: skip
MaterialForm = Literal["original", "copy", "e_licence", "form", "photo_receipt"]
TimeUnit = Literal["working_day", "calendar_day", "month", "on_spot", "by_notice"]
ResultForm = Literal[
    "card", "card_rewrite", "e_card", "e_record", "e_certificate", "certificate", "receipt",
    "decision", "notice", "public_notice", "payment", "goods", "licence", "e_licence",
]  # fmt: skip
CheckKind = Literal["named", "declared", "clerk", "info"]
"""Who decides an applicants' condition: a register, the applicant's word, a clerk, nobody."""

PROOFS = frozenset({"id_card_photo", "id_card_back_photo", "face", "sms_code", "signature"})
"""Proofs of identity that may stand for a paper (`satisfied_by: {kind: proof}`)."""

ACTS: frozenset[str] = frozenset(get_args(Act))
