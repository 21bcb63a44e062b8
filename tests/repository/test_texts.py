"""Every text that the code asks for exists, with the parameters it needs, and none is left over."""

import ast
import importlib
import pkgutil
import re
import string
from collections.abc import Iterator

import pytest
import yaml

from backoffice import messages
from backoffice.errors import CitizenError
from tests.repository.sources import PACKAGES, ROOT, called, calls, docstrings, modules

_ASKING = ("text", "say", "buttons", "has_text", "t")
_TEMPLATES = sorted((ROOT / "gateway" / "templates").rglob("*.html"))
_FORESEEN = frozenset(
    {"material.waived", "staff.paper.waived", "staff.source.voice", "staff.who.robot"}
)
"""Values that the tables document and the pages show, though nothing writes them yet."""
_KEY = re.compile(r"[a-z_]+(\.[a-z0-9_ ]+)+")
_IN_TEMPLATE = re.compile(r"\b(?:t|text)\(\s*(['\"])([^'\"]+)\1(\s*~)?")


def _texts() -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted(messages.FOLDER.glob("*.yml")):
        found |= yaml.safe_load(path.read_text("utf-8"))
    return found


TEXTS = _texts()


def _slots(key: str, *, with_buttons: bool = False) -> set[str]:
    """Names of the parameters that a text needs."""
    entry = TEXTS[key]
    parts = [entry["text"] if isinstance(entry, dict) else entry]
    if with_buttons and isinstance(entry, dict):
        parts += [part for one in entry.get("buttons", []) for part in one.values()]
    formatter = string.Formatter()
    return {name for part in parts for _, name, _, _ in formatter.parse(str(part)) if name}


def _constants(node: ast.AST) -> Iterator[str]:
    """The literal keys that a first argument can be: itself, or both branches of a condition."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)


def _pattern(node: ast.JoinedStr) -> re.Pattern[str]:
    """A regular expression for the keys that an f-string can become; one group for each part."""
    parts = [
        re.escape(str(one.value)) if isinstance(one, ast.Constant) else "(.+)"
        for one in node.values
    ]
    return re.compile("".join(parts))


def _asked() -> list[tuple[str, ast.Call]]:
    """(place, call) of every call that asks for a text."""
    return [
        (f"{path}:{call.lineno}", call)
        for path, tree in modules()
        for call in calls(tree, *_ASKING)
        if call.args and not (path.name == "messages.py" and called(call) == "text")
    ]


def _literal_calls() -> list[tuple[str, str, ast.Call]]:
    return [
        (place, key, call)
        for place, call in _asked()
        for key in _constants(call.args[0])
        if _KEY.fullmatch(key)
    ]


def test_the_scan_finds_the_calls_it_is_meant_for() -> None:
    keys = {key for _, key, _ in _literal_calls()}
    assert {"small.greet", "ask.code", "document.body", "staff.task_conflict"} <= keys


def test_every_text_that_is_asked_for_exists() -> None:
    missing = [f"{place}: {key}" for place, key, _ in _literal_calls() if key not in TEXTS]
    assert not missing, "\n".join(missing)


def test_every_pattern_of_keys_finds_some_text() -> None:
    lost = [
        f"{place}: {ast.unparse(call.args[0])}"
        for place, call in _asked()
        if isinstance(call.args[0], ast.JoinedStr)
        and re.match(r"f['\"][a-z_]+\.", ast.unparse(call.args[0]))
        and not any(_pattern(call.args[0]).fullmatch(key) for key in TEXTS)
    ]
    assert not lost, "\n".join(lost)


def test_every_text_of_a_template_exists() -> None:
    missing = []
    for path in _TEMPLATES:
        for _, key, more in _IN_TEMPLATE.findall(path.read_text("utf-8")):
            known = any(one.startswith(key) for one in TEXTS) if more else key in TEXTS
            if not known:
                missing.append(f"{path.relative_to(ROOT)}: {key}")
    assert not missing, "\n".join(missing)


def test_every_parameter_of_a_text_is_given() -> None:
    """A forgotten parameter would be a failure at the moment the text is said."""
    faults = []
    for place, key, call in _literal_calls():
        given = {one.arg for one in call.keywords}
        if key not in TEXTS or None in given:  # `**params`: not to be seen here
            continue
        whole = called(call) == "say" and "buttons" not in given
        parts = _slots(key, with_buttons=whole or called(call) == "buttons")
        if called(call) == "buttons":
            entry = TEXTS[key]
            parts = parts if isinstance(entry, dict) else set()
            parts -= _slots(key) - {
                name
                for one in (entry.get("buttons", []) if isinstance(entry, dict) else [])
                for part in one.values()
                for _, name, _, _ in string.Formatter().parse(str(part))
                if name
            }
        if parts - given:
            faults.append(f"{place}: {key} lacks {sorted(parts - given)}")
    assert not faults, "\n".join(faults)


def _errors() -> dict[str, type[CitizenError]]:
    """Every kind of error that a citizen or clerk can be told, by its class's name."""
    for package in PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not module.name.endswith(("__main__", "_typst")):
                importlib.import_module(module.name)
    found, waiting = {}, [CitizenError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if not kind.__module__.startswith("tests"):
            found[f"{kind.__module__}.{kind.__name__}"] = kind
    return found


@pytest.mark.parametrize("name", sorted(_errors()))
def test_every_error_has_a_text_for_its_code(name: str) -> None:
    kind = _errors()[name]
    assert f"error.{kind.code}" in TEXTS
    assert 400 <= kind.status < 600


def test_every_error_is_raised_with_the_parameters_of_its_text() -> None:
    by_class: dict[str, set[str]] = {}
    for kind in _errors().values():
        by_class.setdefault(kind.__name__, set()).add(kind.code)
    faults = []
    for path, tree in modules():
        for node in ast.walk(tree):
            raised = node.exc if isinstance(node, ast.Raise) else None
            if isinstance(node, ast.Call):
                name, given = called(node), {one.arg for one in node.keywords}
            elif isinstance(raised, ast.Name):
                name, given = raised.id, set()
            else:
                continue
            codes = by_class.get(name, set())
            if len(codes) != 1 or None in given:
                continue
            lacking = _slots(f"error.{next(iter(codes))}") - given
            if lacking:
                faults.append(f"{path}:{node.lineno}: {name} lacks {sorted(lacking)}")
    assert not faults, "\n".join(faults)


def _words_of_code() -> set[str]:
    """Every string in the code, the acts and the lexicon's sections: what keys are made of."""
    words = set(yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))["intents"])
    for path in (ROOT / "data" / "lexicon").glob("*.yml"):
        for section, below in yaml.safe_load(path.read_text("utf-8")).items():
            words |= {section, *(below if isinstance(below, dict) else ())}
    for _, tree in modules(*PACKAGES, "ops"):
        skipped = docstrings(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if id(node) not in skipped:
                    words.add(node.value)
            elif isinstance(node, ast.keyword) and node.arg:
                words.add(node.arg)
    return words


def test_no_text_is_left_over() -> None:
    """A key is used when it stands in the code, or a pattern makes it from words that do."""
    words = _words_of_code()
    templates = "\n".join(path.read_text("utf-8") for path in _TEMPLATES)
    patterns = [
        _pattern(node)
        for _, tree in modules(*PACKAGES, "ops")
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        and re.match(r"f['\"]([a-z_]+\.|\{key\}_)", ast.unparse(node))
    ]
    patterns += [re.compile(rf"error\.{one.pattern}") for one in patterns]  # an error's code
    patterns += [
        re.compile(re.escape(key) + "(.+)")
        for _, key, more in _IN_TEMPLATE.findall(templates)
        if more
    ]
    # `word` is the pages' filter for `staff.<group>.<value>`
    patterns += [
        re.compile(rf"staff\.{group}\.(.+)")
        for group in re.findall(r"word\(['\"]([a-z_]+)['\"]\)", templates)
    ]
    templates_words = set(re.findall(r"['\"]([a-z_.]+)['\"]", templates))
    left = []
    for key in TEXTS:
        if key in words or key in templates_words or key in _FORESEEN:
            continue
        made = [match for one in patterns if (match := one.fullmatch(key))]
        if not any(
            all(part in words or part in templates_words for part in match.groups())
            for match in made
        ):
            left.append(key)
    assert not left, "\n".join(left)


def test_no_text_speaks_english_or_codes_to_people() -> None:
    """What people read is Chinese; a few names of things are not words of it."""
    known = {"PDF", "JPG", "PNG", "MB", "X", "URL"}
    faults = []
    for key, entry in TEXTS.items():
        said = entry["text"] if isinstance(entry, dict) else entry
        bare = re.sub(r"\{[^{}]*\}|⟦[^⟧]*⟧", "", str(said))
        foreign = [one for one in re.findall(r"[A-Za-z]{2,}", bare) if one not in known]
        if foreign:
            faults.append(f"{key}: {foreign}")
    assert not faults, "\n".join(faults)
