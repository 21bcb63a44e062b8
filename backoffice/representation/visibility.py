"""Who may see an application that one person filed for another: part of every query.

Whoever files it sees it while the authority lasts; the person it is about, once proved to be that
person, always. After a withdrawal or a clerk's no the one who filed sees nothing of it; past its
last day only what is still to be filled in, which has to be proved anew before it goes on.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select

from backoffice.applications.models import Application
from backoffice.applications.states import OPEN_FOR_ANSWERS
from backoffice.clock import china_date
from backoffice.identity.models import Citizen
from backoffice.representation.models import FOR_GOOD, Ended, Representation
from backoffice.results.models import Result


def authority_ended(application_id: Any) -> ColumnElement[bool]:
    """Whether a person or a clerk has ended the authority by which the application was filed."""
    return exists().where(
        Representation.application_id == application_id, Representation.ended_why.in_(FOR_GOOD)
    )


def may_see(citizen_id: str, now: datetime) -> ColumnElement[bool]:
    """Whether an account may see an `Application`."""
    own = and_(
        Application.citizen_id == citizen_id,
        ~authority_ended(Application.id),
        or_(Application.state.in_(OPEN_FOR_ANSWERS), ~_past_its_last_day(Application.id, now)),
    )
    return or_(own, Application.id.in_(_about(citizen_id)))


def may_hold(citizen_id: str, now: datetime) -> ColumnElement[bool]:
    """Whether an account may see a `Result`."""
    own = and_(
        Result.citizen_id == citizen_id,
        ~authority_ended(Result.application_id),
        ~_past_its_last_day(Result.application_id, now),
    )
    return or_(own, Result.application_id.in_(_about(citizen_id)))


def _about(citizen_id: str) -> Any:
    """Ids of the applications that others filed for the person of this account.

    Only once the relation is proved: a number mistyped shows nobody another family's affairs.
    """
    return (
        select(Representation.application_id)
        .join(Citizen, Citizen.id_hash == Representation.principal_hash)
        .where(
            Citizen.id == citizen_id,
            Representation.proved.is_not(None),
            Representation.ended_why.is_distinct_from(Ended.REPLACED),
        )
    )


def _past_its_last_day(application_id: Any, now: datetime) -> ColumnElement[bool]:
    return exists().where(
        Representation.application_id == application_id,
        Representation.ended_at.is_(None),
        Representation.expires_on < china_date(now),
    )
