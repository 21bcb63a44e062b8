"""Shared by the tests of the trainers' commands."""

import shutil
from pathlib import Path

import pytest

from bootstrap.settings import ROOT
from catalogue.loader import Catalogue, load_catalogue


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The project's own."""
    return load_catalogue(ROOT / "data/items")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of data/ that a test may write to."""
    return Path(shutil.copytree(ROOT / "data", tmp_path / "data"))
