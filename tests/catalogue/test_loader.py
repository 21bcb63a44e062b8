"""A trainer sees every fault of every file at once, in Chinese, with the place and the remedy."""

import dataclasses

import pytest

from catalogue.loader import load_catalogue


def test_a_small_item_loads(trainer, item) -> None:
    trainer.write(item())
    catalogue = load_catalogue(trainer.folder)
    assert catalogue.find("library_card").name == "借书证办理"
    assert catalogue.find("nothing") is None
    assert catalogue.name_of("book_return") == "还书"
    assert catalogue.name_of("nothing") is None


def test_the_catalogue_cannot_be_changed(trainer, item) -> None:
    trainer.write(item())
    catalogue = load_catalogue(trainer.folder)
    with pytest.raises(TypeError):
        catalogue.items["x"] = None
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalogue.fingerprint = ""
    with pytest.raises(ValueError, match="frozen"):
        catalogue.find("library_card").name = "别的"


def test_the_fingerprint_follows_the_contents(trainer, item) -> None:
    trainer.write(item())
    before = load_catalogue(trainer.folder).fingerprint
    assert load_catalogue(trainer.folder).fingerprint == before
    changed = item()
    changed["fee"]["text"] = "不收钱"
    trainer.write(changed)
    assert load_catalogue(trainer.folder).fingerprint != before


def test_all_faults_of_all_files_are_told_at_once(trainer, item) -> None:
    first = item()
    first["alias"] = ["借书"]
    first["fields"][0]["required"] = "yes"
    del first["fee"]["text"]
    trainer.write(first)
    second = item("book_club", "读书会报名")
    second["identity_level"] = "face"
    second["fields"][1]["when"]["op"] = "is"
    trainer.write(second)
    faults = trainer.faults()
    for expected in (
        "library_card.yml：alias：不认识的字段",
        "library_card.yml：fields[home].required：这里只能写 true 或 false",
        "library_card.yml：fee.text：缺少这一项",
        "book_club.yml：identity_level：只能写 'none'、'sms'、'id_face'、'in_person' 之一",
        "book_club.yml：fields[landlord].when.op：只能写",
    ):
        assert any(line.startswith(expected) for line in faults), (expected, faults)
    assert len(faults) == 5


def test_a_known_key_in_the_wrong_place_is_told_from_a_misspelt_one(trainer, item) -> None:
    wrong = item()
    wrong["fee"]["if_not"] = "说明"
    wrong["fee"]["if_nott"] = "说明"
    trainer.write(wrong)
    faults = {line.split("：")[1]: line for line in trainer.faults()}
    assert "缩进" in faults["fee.if_not"]
    assert "不认识的字段" in faults["fee.if_nott"]


def test_schema_faults_and_cross_faults_come_together(trainer, item) -> None:
    broken = item()
    del broken["as_of"]
    trainer.write(broken)
    other = item("book_club", "读书会报名")
    other["department"] = "kitchen"
    trainer.write(other)
    assert [line.split("：")[1] for line in trainer.faults()] == ["department", "as_of"]


def test_faults_carry_no_english_sentence(trainer, item) -> None:
    """Every kind of wrong value at every top-level key is explained without pydantic's words."""
    for key in item():
        for wrong in ("字", 3.5, [], {"x": 1}, None, ["字"]):
            broken = item() | {key: wrong}
            trainer.write(broken, "library_card.yml")
            for line in trainer.faults():
                assert "Input should" not in line and "请对照其它事项的写法" not in line, line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code: a\ncode: b\n", "x.yml：第 2 行：“code”写了两次"),
        ("code: [a\nname: b\n", "x.yml：第 2 行：这一行附近的写法读不懂"),
        ("- a\n- b\n", "x.yml：整个文件：这里要写成“键: 值”"),
        ("", "x.yml：整个文件：这里要写成“键: 值”"),
        ("1: a\n", "x.yml：第 1 行：键“1”要写成文字"),
        ("? [a, b]\n: c\n", "x.yml：第 1 行："),
        ("a: !!python/object:os.system {}\n", "x.yml：第 1 行：这一行附近的写法读不懂"),
    ],
)
def test_a_file_that_is_no_item_is_explained(trainer, text: str, expected: str) -> None:
    trainer.write_text("x.yml", text)
    assert any(line.startswith(expected) for line in trainer.faults()), trainer.faults()


def test_a_file_in_another_encoding_is_explained(trainer) -> None:
    (trainer.folder / "x.yml").write_bytes("名字: 石湾".encode("gbk"))
    assert trainer.faults() == ["x.yml：整个文件：文件编码不是 UTF-8，请另存为 UTF-8"]


def test_yes_and_no_are_words(trainer, item) -> None:
    """Trainers write `value: no`; YAML 1.1 would make it false."""
    changed = item()
    changed["fields"][0]["options"] += [{"value": "no", "label": "没有"}]
    changed["fields"][1]["when"]["value"] = "no"
    trainer.write(changed)
    path = trainer.folder / "library_card.yml"
    text = path.read_text("utf-8").replace("'no'", "no")
    assert "value: no\n" in text
    path.write_text(text, encoding="utf-8")
    loaded = load_catalogue(trainer.folder).find("library_card")
    assert loaded.field("landlord").when.value == "no"


def test_an_empty_folder_and_a_wrong_ending_are_faults(trainer, item) -> None:
    assert trainer.faults() == ["items：整个文件：文件夹里没有事项文件（*.yml）"]
    trainer.write(item(), "library_card.yaml")
    assert any(
        "library_card.yaml：整个文件：文件名要以 .yml 结尾" in line for line in trainer.faults()
    )


def test_missing_surroundings_are_told(trainer, item) -> None:
    trainer.write(item())
    (trainer.folder.parent / "sources.yml").unlink()
    assert trainer.faults() == ["sources.yml：整个文件：没有这个文件，请补上"]
