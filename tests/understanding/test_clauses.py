"""Where a sentence falls into single requests."""

import pytest

from backoffice.understanding.clauses import requests_in


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
