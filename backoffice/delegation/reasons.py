"""Why the robot handed a case to a clerk, in words."""

from backoffice.delegation.judging import Reason
from backoffice.delegation.models import RobotDecision
from backoffice.messages import has_text, text
from catalogue.schema import ServiceItem


def reason_words(item: ServiceItem, decision: RobotDecision) -> str:
    """The reason of a decision; empty for an approval."""
    if decision.reason is None:
        return ""
    return text(f"robot.{Reason(decision.reason)}", about=_about(item, decision.about or ""))


def _about(item: ServiceItem, slug: str) -> str:
    """What a reason is about, by its name in the item; the bare slug when it left the item."""
    checks = item.instant_rule.auto_checks if item.instant_rule else ()
    for check in checks:
        if slug and slug == check.name:
            return check.text
    for condition in item.applicants.conditions:
        if slug and slug in (condition.id, condition.check.name):
            return condition.text
    field, paper = item.field(slug), item.material(slug)
    if field is not None or paper is not None:
        return field.label if field is not None else paper.name if paper is not None else ""
    return text(f"robot.proof.{slug}") if has_text(f"robot.proof.{slug}") else slug
