"""Finding out what the named checks say: from answers and the calendar, or from a register."""

from collections.abc import Mapping
from datetime import datetime

from backoffice.clock import china_date
from backoffice.logs import log
from catalogue.named_checks import NamedCheck
from integrations.ports import Answer, IntegrationError, Question, RegisterAnswer, Registers


async def ask_registers(
    names: tuple[str, ...],
    answers: Mapping[str, object],
    *,
    checks: Mapping[str, NamedCheck],
    registers: Registers,
    now: datetime,
) -> dict[str, RegisterAnswer]:
    """Ask. No transaction may be open. An outage is an unknown, never a yes or no."""
    return {
        name: await _ask(name, checks.get(name), answers, registers=registers, now=now)
        for name in names
    }


async def _ask(
    name: str,
    check: NamedCheck | None,
    answers: Mapping[str, object],
    *,
    registers: Registers,
    now: datetime,
) -> RegisterAnswer:
    if check is None:
        return RegisterAnswer(Answer.UNKNOWN, "no such check", None)
    if check.register_ is None:
        said = check.derived(answers, china_date(now))
        answer = {True: Answer.YES, False: Answer.NO, None: Answer.UNKNOWN}[said]
        return RegisterAnswer(answer, "from the answers given", now)
    question = Question(
        name=name,
        register=check.register_,
        id_no=str(answers.get(check.about) or ""),
        on=china_date(now),
        months=check.months,
        within_months=check.within_months,
        facts={slug: str(answers[slug]) for slug in check.send if answers.get(slug) is not None},
    )
    try:
        return await registers.ask(question)
    except IntegrationError as exc:
        log("eligibility").warning("register.unavailable", check=name, error=type(exc).__name__)
        return RegisterAnswer(Answer.UNKNOWN, "register did not answer", None)
