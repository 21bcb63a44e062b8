"""Where a sentence falls into single requests."""

import pytest

from backoffice.understanding.clauses import requests_in, without_halt


@pytest.mark.parametrize(
    "text, requests",
    [
        ("我刚搬来，想办居住证，要多久？", ["我刚搬来，想办居住证", "要多久?"]),
        ("先把房子的租赁登记了，再去换驾照", []),
        ("停业手续办一下，还有我想查社保", ["停业手续办一下", "我想查社保"]),
        ("注销营业执照，我还想领失业金", ["注销营业执照", "我还想领失业金"]),
        ("帮老人办优待卡，医保卡也一起办", ["帮老人办优待卡", "医保卡也一起办"]),
        ("办理食品许可，店面照片要几张？", []),
        ("办过居住证了，换了地址", []),
        ("办了暂住登记，现在要多久能拿证？", []),
        ("补办社保卡，对了要收费吗", ["补办社保卡", "要收费吗"]),
        ("补办社保卡多少钱", []),
    ],
)
def test_requests_in_a_sentence(text: str, requests: list[str]) -> None:
    assert requests_in(text) == requests


@pytest.mark.parametrize(
    "text, heard",
    [
        ("等等，我想先问问开店有没有钱领", "我想先问问开店有没有钱领"),
        ("等一下 要带户口本吗？", "要带户口本吗？"),
        ("等等，孩子哭了", "等等，孩子哭了"),
        ("等等", "等等"),
        ("我等等再来，要多久？", "我等等再来，要多久？"),
    ],
)
def test_a_halt_before_a_question_stops_nothing(text: str, heard: str) -> None:
    assert without_halt(text) == heard
