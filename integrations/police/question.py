"""What may be asked of the police; every adapter refuses the same, before anything leaves."""

import puremagic

from integrations.ports import Rejected
from integrations.registers.people import is_id_number

MAX_PHOTO_BYTES = 2_000_000
_LONGEST_NAME = 60
_PICTURES = frozenset({".jpg", ".jpeg", ".jfif", ".png"})


def check_question(name: str, id_no: str, photo: bytes | None) -> None:
    """Refuse what cannot be a person.

    Raises:
        Rejected: an empty name, no number, or a photo that is no JPEG or PNG by its content.
    """
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Rejected("police: not a name")
    if not is_id_number(id_no):
        raise Rejected("police: not an identity number")
    if photo is None:
        return
    if len(photo) > MAX_PHOTO_BYTES:
        raise Rejected("police: the photo is too large")
    try:
        kind = puremagic.from_string(photo)
    except (puremagic.PureError, ValueError):
        kind = ""
    if kind not in _PICTURES:
        raise Rejected("police: the photo is no JPEG or PNG")
