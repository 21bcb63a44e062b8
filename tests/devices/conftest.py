"""A simulated reader on a pseudo-terminal, and the driver on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.devices.samv.driver import SamvReader, Timing
from integrations.devices.samv.simulator import CardReaderSimulator

QUICK = Timing(short_s=0.3, reading_s=0.5, tries=3)


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[CardReaderSimulator]:
    with CardReaderSimulator(tmp_path / "idcard") as made:
        yield made


@pytest.fixture
def driver(simulator: CardReaderSimulator) -> Iterator[SamvReader]:
    made = SamvReader(str(simulator.link), timing=QUICK)
    yield made
    made.close()
