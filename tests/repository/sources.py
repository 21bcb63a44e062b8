"""Reading our own sources: syntax trees, tracked files, calls."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "actions",
    "backoffice",
    "bootstrap",
    "catalogue",
    "devices",
    "gateway",
    "integrations",
    "verifier",
    "worker",
)


@cache
def tracked() -> tuple[Path, ...]:
    """Every file under version control that exists, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return tuple(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file())


@cache
def modules(*packages: str) -> tuple[tuple[Path, ast.Module], ...]:
    """(path relative to the root, syntax tree) of every module of these packages, or of all."""
    found = []
    for package in packages or PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if ".venv" not in path.parts:
                tree = ast.parse(path.read_text("utf-8"))
                found.append((path.relative_to(ROOT), tree))
    return tuple(found)


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Calls of functions or methods of these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in names:
            yield node


def called(node: ast.Call) -> str:
    """Name of what is called, without what stands before the last dot."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def docstrings(tree: ast.AST) -> set[int]:
    """Ids of the constants that are docstrings (of modules, classes, functions, attributes)."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
