"""Facts carry how far they can be trusted and where they were read."""

from typing import Annotated

from pydantic import Field

from catalogue.strict import Strict, Text
from catalogue.vocabulary import Status

Sources = Annotated[tuple[Text, ...], Field(description="来源编号，见 data/sources.yml")]


class Sourced(Strict):
    """A group of facts with how far it can be trusted and where it was read."""

    status: Status = Field(
        description="verified 已核实；verified_secondary 只见于转载；assumed 没有来源；mixed 各条不同"
    )
    sources: Sources = ()
