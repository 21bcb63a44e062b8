"""What a conversation file calls a picture: for which widget it is, and what is on it."""

from collections.abc import Callable

from integrations.registers.people import DemoPerson
from tests.conversations import pictures
from tests.conversations.script import Person

WIDGETS = {
    "身份证正面": "id_card_front",
    "模糊的身份证": "id_card_front",
    "身份证拍反了": "id_card_front",
    "身份证背面": "id_card_back",
    "过期的背面": "id_card_back",
    "背面拍反了": "id_card_back",
    "自拍": "selfie",
    "别人的自拍": "selfie",
    "不动的自拍": "selfie",
    "两个人的自拍": "selfie",
    "很像的人": "selfie",
    "旁边有人": "selfie",
    "举着照片": "selfie",
    "没核对过的脸": "selfie",
    "指纹": "finger",
    "视频": "video_call",
    "相片": "photo",
    "材料": "document",
    "签名": "signature",
    "验证码": "sms_code",
    "人脸同意": "consent",
}
STILL = "举着照片"
LIVE = {
    "自拍": None,
    "别人的自拍": "person_a_1",
    "很像的人": pictures.LOOKALIKE,
    "旁边有人": pictures.WITH_OTHERS,
    STILL: None,
    "没核对过的脸": "person_a_1",
}
"""Who does what is asked before the camera; None: the person of the file."""
REFUSED = frozenset(
    {
        "模糊的身份证",
        "身份证拍反了",
        "背面拍反了",
        "两个人的自拍",
        "旁边有人",
        STILL,
        "没核对过的脸",
    }
)
"""What the page is told to be no good; nothing of it is kept."""

_DRAWN: dict[str, Callable[[Person, DemoPerson], bytes]] = {
    "身份证正面": lambda person, who: pictures.card(who, person.face),
    "背面拍反了": lambda person, who: pictures.card(who, person.face),
    "模糊的身份证": lambda person, who: pictures.blurred(who, person.face),
    "身份证背面": lambda person, who: pictures.card_back(who),
    "身份证拍反了": lambda person, who: pictures.card_back(who),
    "过期的背面": lambda person, who: pictures.card_back(who, expired=True),
    "不动的自拍": lambda person, who: pictures.selfie(person.selfie),
    "两个人的自拍": lambda person, who: pictures.two_people(),
    "相片": lambda person, who: pictures.selfie(person.selfie),
    "材料": lambda person, who: pictures.paper(),
    "签名": lambda person, who: pictures.signature(),
}


def picture_of(name: str, person: Person, identity: DemoPerson) -> bytes:
    """The picture of that name; of a live selfie there is none, but a film."""
    return _DRAWN[name](person, identity)
