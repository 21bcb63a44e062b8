"""Every conversation file of this folder, quick and full.

pytest tests/conversations -k quick               # no model
XZ_CONVERSATIONS=撤回 pytest tests/conversations   # only files with this in their names
XZ_CONVERSATIONS=45,46_ pytest tests/conversations # several
XZ_CONVERSATIONS=all pytest tests/conversations    # nothing left out

In the everyday run the conversations about single items are played on one database only. With the
trained bot those of this folder are played, and one item of each department; the rest when asked for.
"""

import os
import re
from pathlib import Path

import httpx
import pytest
import yaml

from integrations.registers.people import DemoPerson
from integrations.vision.sandbox import SandboxVision
from tests.conversations.conftest import show_card
from tests.conversations.ending import check_end
from tests.conversations.player import Player
from tests.conversations.script import FOLDER, Person, load_script, script_files
from tests.conversations.stage import Stage

FILES = script_files()
_A_DEPARTMENTS = (
    "childcare_subsidy", "dibao_apply", "disability_cert_renew",
    "individual_business_setup", "points_school_apply", "unemployment_register",
)  # fmt: skip
_WITH_THE_BOT = re.compile(rf"\d|(?:{'|'.join(_A_DEPARTMENTS)})_(?:问|办)$")
"""Names of the conversations that the trained bot plays every day: a sentence that goes wrong at
one item goes wrong in the same code as elsewhere, and a way to the end takes ten seconds."""
_ONLY = os.environ.get("XZ_CONVERSATIONS", "")
_FAILURES = yaml.safe_load((FOLDER / "_known_failures.yml").read_text("utf-8")) or {}
_TURN_TIMEOUT_S = 60


def _cases(depth: str) -> list[object]:
    """One case for each file; a known failure must fail, and the build says when it passes."""
    return [
        pytest.param(
            path,
            id=path.stem,
            marks=[pytest.mark.xfail(reason=known[path.stem], strict=True, raises=AssertionError)]
            if path.stem in (known := _FAILURES.get(depth) or {})
            else [],
        )
        for path in FILES
        if _is_played(path, depth)
    ]


def _is_played(path: Path, depth: str) -> bool:
    if _ONLY:
        return _ONLY == "all" or any(part in path.stem for part in _ONLY.split(","))
    return depth == "quick" or _WITH_THE_BOT.match(path.stem) is not None


Persons = dict[str, Person]
Identities = dict[str, DemoPerson]


@pytest.mark.parametrize("path", _cases("quick"))
async def test_quick(
    path: Path, quick_stage: Stage, persons: Persons, identities: Identities
) -> None:
    await _play(path, quick_stage, persons, identities)


@pytest.mark.parametrize("path", _cases("full"))
async def test_full(
    path: Path, full_stage: Stage, persons: Persons, identities: Identities
) -> None:
    await _play(path, full_stage, persons, identities)


async def _play(path: Path, stage: Stage, persons: Persons, identities: Identities) -> None:
    script = load_script(path)
    if script.quick_only and stage.engine is None:
        pytest.skip("hangs on what a model would waver between; played quick only")
    person = persons[script.given.person]
    identity = identities[person.record]
    if isinstance(stage.office.vision, SandboxVision):
        show_card(stage.office.vision, person, identity)
        if person.proxy is not None:
            show_card(stage.office.vision, person, identities[person.proxy])
    async with httpx.AsyncClient(
        base_url=stage.base_url, timeout=_TURN_TIMEOUT_S, trust_env=False
    ) as client:
        proxy = identities[person.proxy] if person.proxy is not None else None
        player = Player(stage, script, person, identity, client, proxy)
        await player.play()
        await check_end(player)


def test_known_failures_name_conversations_that_exist() -> None:
    known = {name for depth in _FAILURES.values() for name in depth or {}}
    assert known <= {path.stem for path in FILES}


def test_there_are_conversations_of_every_kind() -> None:
    assert len(FILES) >= 25
    titles = [load_script(path).title for path in FILES]
    assert len(set(titles)) == len(titles), "两个文件的标题一样"
