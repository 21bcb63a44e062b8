"""Lists that must agree: settings and `.env.example`, routes and their description, effects and
their handlers, actions and the domain; and what may stand in our files at all."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from pydantic import SecretStr
from rasa_sdk.executor import ActionExecutor
from sanic import Sanic

from backoffice.crypto import KeyRing
from bootstrap.container import build
from bootstrap.settings import Settings
from devices.settings import DeviceSettings
from gateway.app import create_app
from ops.env import read_env_file
from tests.repository.sources import ROOT, calls, docstrings, modules, tracked
from worker.handlers import handlers

_CJK = re.compile(r"[\u4e00-\u9fff]")
_SENTENCE = re.compile(r"[\u4e00-\u9fff].*[。？！，]|(?:[\u4e00-\u9fff].*){7}")
# Where Chinese is the matter itself, or speaks to trainers and operators and not to citizens.
_CHINESE_ALLOWED = {
    "catalogue": "faults of the catalogue, told to trainers",
    "backoffice/understanding": "what citizens say",
    "backoffice/identity/policy.py": "faults of the policy, told to who keeps it",
    "backoffice/messages.py": "a fault told to trainers",
    "backoffice/remembering/rules.py": "faults of the rules, told to who keeps them",
    "backoffice/queue/rules.py": "faults of the rules, told to who keeps them",
    "backoffice/representation/rules.py": "faults of the rules, told to who keeps them",
    "backoffice/dialogue/talk.py": "particles at the end of what citizens say",
    "gateway/staff/rendering.py": "the days of the week",
    "integrations/registers": "names of registers and faults of the demo's data",
    "integrations/relations": "names of registers and faults of the demo's data",
    "integrations/vision": "what is printed on an identity card",
}
_HOSTS = {
    "uv.lock": {"pypi.org", "files.pythonhosted.org"},
    "bot/uv.lock": {"pypi.org", "files.pythonhosted.org"},
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Sanic]:
    """The demonstration's public server, not started."""
    keys = tmp_path / "keys.json"
    KeyRing.generate().save(keys)
    settings = Settings(
        mode="demo",
        var_dir=tmp_path,
        keys_file=keys,
        metrics_port=0,
        bot_secret=SecretStr("b" * 32),
        actions_secret=SecretStr("a" * 32),
    )
    Sanic.test_mode = True
    yield create_app(build(settings))
    Sanic._app_registry.clear()


def _settings() -> set[str]:
    of_the_kiosk = {f"XZ_DEVICE_{name.upper()}" for name in DeviceSettings.model_fields}
    return of_the_kiosk | {f"XZ_{name.upper()}" for name in Settings.model_fields}


def test_every_setting_is_in_the_example() -> None:
    example = read_env_file(ROOT / ".env.example")
    settings = _settings()
    assert settings <= set(example), sorted(settings - set(example))


def test_every_name_of_the_example_is_read_somewhere() -> None:
    settings = _settings()
    read = set(settings)
    for folder in ("ops", "bot/bot_server", "migrations"):
        for path in (ROOT / folder).rglob("*.py"):
            read |= set(re.findall(r"XZ_[A-Z_]+", path.read_text("utf-8")))
            if folder == "bot/bot_server":  # there the prefix is added by a reader
                read |= {f"XZ_{one}" for one in re.findall(r"\"([A-Z_]{4,})\"", path.read_text())}
    unread = set(read_env_file(ROOT / ".env.example")) - read
    assert not unread, sorted(unread)


def test_no_other_module_reads_the_environment() -> None:
    readers = {
        str(path)
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
        if ast.unparse(node).startswith("os.")
    }
    assert readers <= {"integrations/vision/engine.py"}, readers


def test_every_effect_that_is_asked_for_has_a_handler_and_the_other_way_round(app: Sanic) -> None:
    asked: set[str] = set()
    for path, tree in modules():
        for call in calls(tree, "put"):
            kinds = [one.value for one in call.keywords if one.arg == "kind"]
            for kind in kinds:
                assert isinstance(kind, ast.Constant), f"{path}:{call.lineno}: kind is computed"
                asked.add(kind.value)
    assert asked == set(handlers(app.ctx.office))


def test_every_notice_that_is_sent_has_a_text() -> None:
    texts = yaml.safe_load((ROOT / "data/messages/dialogue.yml").read_text("utf-8"))
    kinds = set()
    for _, tree in modules("backoffice", "worker"):
        for call in calls(tree, "_conclude", "_notify", "put"):
            for node in ast.walk(call):
                if isinstance(node, ast.Dict):
                    for key, value in zip(node.keys, node.values, strict=True):
                        if isinstance(key, ast.Constant) and key.value == "kind":
                            kinds |= {value.value} if isinstance(value, ast.Constant) else set()
    assert kinds
    assert all(f"notice.{kind}" in texts for kind in kinds), kinds


def test_every_action_of_the_domain_exists_and_the_other_way_round() -> None:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    executor = ActionExecutor()
    executor.register_package("actions")
    # the base class has no name of its own
    assert set(domain["actions"]) == set(executor.actions) - {None}


def test_every_action_of_the_rules_is_in_the_domain() -> None:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    known = {*domain["actions"], *domain["forms"], "action_listen", "action_deactivate_loop"}
    for path in (ROOT / "data" / "rules").glob("*.yml"):
        for rule in yaml.safe_load(path.read_text("utf-8"))["rules"]:
            named = {step["action"] for step in rule["steps"] if "action" in step}
            assert named <= known, f"{path.name}: {rule['rule']}"
            acts = {step["intent"] for step in rule["steps"] if "intent" in step}
            assert acts <= set(domain["intents"]), f"{path.name}: {rule['rule']}"


def test_citizens_sentences_stand_in_the_messages_and_not_in_the_code() -> None:
    found = []
    for path, tree in modules():
        if any(str(path).startswith(allowed) for allowed in _CHINESE_ALLOWED):
            continue
        skipped = docstrings(tree)
        found += [
            f"{path}:{node.lineno}: {node.value}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if id(node) not in skipped and _SENTENCE.search(node.value)
        ]
    assert not found, "\n".join(found)


def test_places_where_chinese_is_allowed_still_need_it() -> None:
    for place in _CHINESE_ALLOWED:
        files = [ROOT / place] if place.endswith(".py") else list((ROOT / place).rglob("*.py"))
        assert any(_CJK.search(path.read_text("utf-8")) for path in files), place


@pytest.mark.parametrize("name", sorted(_HOSTS))
def test_locks_name_only_the_public_registries(name: str) -> None:
    hosts = set(re.findall(r"https?://([^/\"\s]+)", (ROOT / name).read_text("utf-8")))
    assert hosts == _HOSTS[name]


def test_web_lock_downloads_only_from_the_public_registry() -> None:
    lock = (ROOT / "web/citizen/package-lock.json").read_text("utf-8")
    places = set(re.findall(r"\"resolved\": \"https?://([^/\"]+)", lock))
    assert places <= {"registry.npmjs.org"}


# Written so that this file does not contain what it looks for.
_FOREIGN = re.compile(
    r"(?<![\w.*-])/wor[k]/|(?<![\w.])/hom[e]/\w+/|(?<![\w.])/roo[t]/|\b10\.\d+\.\d+\.\d+:\d+|mirro[r]s?\.\w+\.\w+"
    r"|[Cc]laud[e]\b|[Aa]nthropi[c]\b|\bthis sessio[n] wa[s]\b|\bissu[e] #?\d"
)
_BINARY = {
    ".png",
    ".jpg",
    ".jpeg",
    ".webp",
    ".woff",
    ".woff2",
    ".ttf",
    ".otf",
    ".pdf",
    ".ico",
    ".npz",
}


def test_no_file_mentions_the_place_where_it_was_written() -> None:
    found = []
    for name in tracked():
        if name.suffix.lower() in _BINARY:
            continue
        for number, line in enumerate((ROOT / name).read_text("utf-8").splitlines(), 1):
            if match := _FOREIGN.search(line):
                found.append(f"{name}:{number}: {match[0]}")
    assert not found, "\n".join(found)


def test_no_secret_or_data_is_under_version_control() -> None:
    names = [str(name) for name in tracked()]
    bad = re.compile(
        r"(^|/)(\.env|demo\.env|keys\.json|signing\.json|id_[a-z0-9]+|.*\.(db|pem|key))$"
    )
    assert not [name for name in names if bad.search(name)]
    assert not [name for name in names if name.startswith(("var/", "models/", "build/"))]


def _runtime() -> set[str]:
    """Names of everything that is installed for running, with what that needs in turn."""
    waiting = [
        Requirement(line).name
        for line in re.findall(
            r"^    \"(.+)\",$", (ROOT / "pyproject.toml").read_text("utf-8").split("[dep")[0], re.M
        )
    ]
    found: set[str] = set()
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            needs = distribution(name).requires or []
        except Exception:
            continue  # for another platform, or replaced (see [tool.uv])
        found.add(name)
        for line in needs:
            one = Requirement(line)
            if one.marker is None or one.marker.evaluate({"extra": ""}):
                waiting.append(one.name)
    return found


def _licence(name: str) -> str:
    data = distribution(name).metadata
    said = [data.get("License-Expression") or "", *(data.get_all("Classifier") or [])]
    words = [one for one in said if "License ::" in one or one == said[0]]
    if not any(words):
        words = [(data.get("License") or "").split("\n")[0]]
    return " ".join(words)


def test_licences_of_what_runs_let_an_authority_use_it() -> None:
    """No GPL or AGPL; LGPL libraries are used unchanged and replaceable."""
    names = _runtime()
    assert {"sanic", "sqlalchemy", "rasa-sdk"} <= names
    strict = re.compile(r"(?<!L)\bA?GPL|(?<!Lesser )(?<!Library )General Public License|Affero")
    bad = {name: said for name in sorted(names) if strict.search(said := _licence(name))}
    assert not bad, bad
