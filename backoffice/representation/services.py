"""Keeping who acts for whom: asked, proved, judged by a clerk, ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import AnswerRow
from backoffice.audit.services import record
from backoffice.clock import china_date
from backoffice.errors import CitizenError, NotFound
from backoffice.identity.accounts import id_hash
from backoffice.identity.models import Citizen
from backoffice.representation.models import FOR_GOOD, Ended, Proved, Representation
from backoffice.representation.rules import ActingRules, Step
from integrations.ports import Answer, Named, RelationAnswer, RelationRegister

BY_WINDOW = "window"
"""Instead of an upload's id: the paper is brought to the window."""


class RelationUnsettled(CitizenError):
    """Nobody has made sure that who acts may act for the person; approving needs that first."""

    code = "relation.unsettled"
    status = 409


class NothingJudged(CitizenError):
    """A clerk's word without the papers that it rests on."""

    code = "relation.papers_missing"


@dataclass(frozen=True, repr=False)
class Pair:
    """Two people and what the first says to be to the second."""

    agent: Named
    principal: Named
    relation: str

    @property
    def hashes(self) -> tuple[str, str]:
        """Under which both are looked up; the same as accounts are."""
        return id_hash(self.agent.id_no), id_hash(self.principal.id_no)

    def is_of(self, row: Representation) -> bool:
        """Whether the record is of these two and this relation."""
        return (row.agent_hash, row.principal_hash, row.relation) == (*self.hashes, self.relation)


Asked = Mapping[RelationRegister, RelationAnswer]


async def authority_for(
    session: AsyncSession, application_id: str, pair: Pair | None, *, on: date | None
) -> Representation | None:
    """The record that counts for these two in this application: not ended, not past its last day.

    Args:
        on: today; None does not look at the last day (a clerk reads what was so).
    """
    if pair is None:
        return None
    row = await newest_of(session, application_id)
    if row is None or not pair.is_of(row) or row.ended_at is not None:
        return None
    return row if on is None or on <= row.expires_on else None


async def newest_of(session: AsyncSession, application_id: str) -> Representation | None:
    """The newest record of an application, whatever became of it."""
    rows = await session.scalars(
        select(Representation)
        .where(Representation.application_id == application_id)
        .order_by(Representation.seq.desc())
        .limit(1)
    )
    return rows.first()


async def records_of(session: AsyncSession, application_id: str) -> list[Representation]:
    """All records of an application, oldest first."""
    rows = await session.scalars(
        select(Representation)
        .where(Representation.application_id == application_id)
        .order_by(Representation.seq)
    )
    return list(rows)


async def keep_asked(
    session: AsyncSession,
    rules: ActingRules,
    pair: Pair,
    asked: Asked,
    *,
    application_id: str,
    citizen_id: str | None,
    child_consent: Mapping[str, Any] | None,
    now: datetime,
) -> Representation:
    """Keep what the registers said of two people, and what follows from it.

    A certain yes proves it. Where no register knows, an earlier proof of the same two that a
    register or a clerk gave may still count. A certain no leaves it to a clerk, whatever was before.
    """
    today = china_date(now)
    earlier = await records_of(session, application_id)
    _end_open(earlier, by=_actor(citizen_id), now=now)
    said = {answer.answer for answer in asked.values()}
    proved, archive = await _proved_by(session, rules, pair, said, now=now)
    if any(one.ended_why in FOR_GOOD for one in earlier):
        proved = None  # ended by a person or a clerk: only a clerk begins it again
    agent, principal = pair.hashes
    row = Representation(
        application_id=application_id,
        citizen_id=citizen_id,
        relation=pair.relation,
        agent_hash=agent,
        principal_hash=principal,
        people={"agent": _named(pair.agent), "principal": _named(pair.principal)},
        steps=[str(one) for one in rules.relations[pair.relation].steps],
        rules_version=rules.version,
        proved=proved,
        detail={
            "asked": [_answered(register, answer) for register, answer in asked.items()],
            "papers": [],
            "archive": archive.id if archive is not None else None,
            "child_consent": dict(child_consent) if child_consent else None,
        },
        begun_at=now,
        proved_at=now if proved else None,
        expires_on=rules.good_until(pair.relation, today),
    )
    session.add(row)
    await session.flush()
    await _audit(session, row, "asked", _actor(citizen_id), now, answers=sorted(said))
    return row


async def _proved_by(
    session: AsyncSession,
    rules: ActingRules,
    pair: Pair,
    said: set[Answer],
    *,
    now: datetime,
) -> tuple[Proved | None, Representation | None]:
    if Answer.YES in said:
        return Proved.REGISTER, None
    archive = None if Answer.NO in said else await _archived(session, rules, pair, now=now)
    return (Proved.ARCHIVE, archive) if archive is not None else (None, None)


async def _archived(
    session: AsyncSession, rules: ActingRules, pair: Pair, *, now: datetime
) -> Representation | None:
    days = rules.relations[pair.relation].archive_days
    if days is None:
        return None
    agent, principal = pair.hashes
    earlier = await session.scalars(
        select(Representation)
        .where(
            Representation.agent_hash == agent,
            Representation.principal_hash == principal,
            Representation.relation == pair.relation,
        )
        .order_by(Representation.seq.desc())
    )
    for row in earlier:
        if row.ended_why in FOR_GOOD:
            return None  # the newest word about these two counts
        first_hand = row.proved in (Proved.REGISTER, Proved.CLERK)
        if first_hand and row.proved_at and row.proved_at > now - timedelta(days=days):
            return row
    return None


async def hand_in_papers(
    session: AsyncSession, row: Representation, papers: Sequence[str], *, now: datetime
) -> None:
    """Upload ids (or `BY_WINDOW`) of what shall prove the relation; a clerk judges them."""
    row.detail = {**row.detail, "papers": [*row.detail.get("papers", []), *papers]}
    await _audit(session, row, "papers", _actor(row.citizen_id), now, count=len(papers))


async def judge(
    session: AsyncSession,
    rules: ActingRules,
    application_id: str,
    *,
    holds: bool,
    papers: Sequence[str],
    actor: str,
    now: datetime,
) -> Representation:
    """A clerk's word on the relation, with the papers that were looked at.

    Raises:
        NotFound: nobody acts for another there, or it has ended.
        NothingJudged: a yes that rests on no paper.
    """
    row = await newest_of(session, application_id)
    if row is None:
        row = await _begun_by_clerk(session, rules, application_id, now=now)
    if row.ended_at is not None:
        raise NotFound
    seen = [one.strip() for one in papers if one.strip()]
    if holds and not seen:
        raise NothingJudged
    row.detail = {**row.detail, "judged": {"by": actor, "papers": seen, "holds": holds}}
    if holds:
        row.proved, row.proved_at = Proved.CLERK, now
    else:
        _end(row, Ended.REFUSED, by=actor, now=now)
    await _audit(session, row, "judged", actor, now, holds=holds)
    return row


async def _begun_by_clerk(
    session: AsyncSession, rules: ActingRules, application_id: str, *, now: datetime
) -> Representation:
    """Nobody could be asked, for instance about a person without a number: the clerk begins it."""
    rows = await session.scalars(
        select(AnswerRow).where(AnswerRow.application_id == application_id)
    )
    said = {row.field: str(row.value) for row in rows}
    relation = said.get("proxy_relation", "")
    if said.get("filed_by") != "proxy" or relation not in rules.relations:
        raise NotFound
    agent = Named(said.get("proxy_name", ""), said.get("proxy_id_no", ""))
    person = Named(said.get("name", ""), said.get("id_no", ""))
    unknown = f"nobody known:{application_id}"  # matches no account and no other application
    row = Representation(
        application_id=application_id,
        citizen_id=None,
        relation=relation,
        agent_hash=id_hash(agent.id_no or unknown),
        principal_hash=id_hash(person.id_no or unknown),
        people={"agent": _named(agent), "principal": _named(person)},
        steps=[str(one) for one in rules.relations[relation].steps],
        rules_version=rules.version,
        detail={"asked": [], "papers": []},
        begun_at=now,
        expires_on=rules.good_until(relation, china_date(now)),
    )
    session.add(row)
    await session.flush()
    return row


async def may_do(
    session: AsyncSession, application_id: str, step: Step, *, citizen_id: str
) -> bool:
    """Whether an account that may see the application may also do this with it."""
    row = await newest_of(session, application_id)
    if row is None or row.ended_why == Ended.REPLACED:
        return True  # nobody acts for another
    citizen = await session.get(Citizen, citizen_id)
    if citizen is not None and citizen.id_hash == row.principal_hash:
        return True
    return row.ended_at is None and step in row.steps


async def require_settled(session: AsyncSession, application_id: str, *, for_other: bool) -> None:
    """Before an approval. Raises RelationUnsettled."""
    row = await newest_of(session, application_id)
    if row is None and not for_other:
        return
    if row is not None and row.ended_why == Ended.REPLACED and not for_other:
        return  # the applicant went on alone
    if row is None or row.proved is None or row.ended_at is not None:
        raise RelationUnsettled


async def end(
    session: AsyncSession, representation_id: str, *, citizen_id: str, now: datetime
) -> Representation:
    """Either of the two ends it: from now on nothing can be done or seen by it.

    Raises:
        NotFound: there is none, it has ended, or the account is neither's.
    """
    row = await session.scalar(select(Representation).where(Representation.id == representation_id))
    citizen = await session.get(Citizen, citizen_id)
    if row is None or citizen is None or row.ended_at is not None:
        raise NotFound
    is_principal = citizen.id_hash is not None and citizen.id_hash == row.principal_hash
    if not is_principal and row.citizen_id != citizen_id:
        raise NotFound
    _end(row, Ended.WITHDRAWN, by=_actor(citizen_id), now=now)
    await _audit(session, row, "withdrawn", _actor(citizen_id), now, by_person=is_principal)
    return row


async def concerning(session: AsyncSession, citizen_id: str) -> list[tuple[Representation, bool]]:
    """Records in which this account acts, or is the person; with whether it is the person."""
    citizen = await session.get(Citizen, citizen_id)
    mine = Representation.citizen_id == citizen_id
    if citizen is not None and citizen.id_hash is not None:
        mine = mine | (Representation.principal_hash == citizen.id_hash)
    rows = await session.scalars(
        select(Representation)
        .where(mine, Representation.ended_why.is_distinct_from(Ended.REPLACED))
        .order_by(Representation.seq.desc())
    )
    hash_ = citizen.id_hash if citizen is not None else None
    return [(row, hash_ is not None and row.principal_hash == hash_) for row in rows]


async def end_open(session: AsyncSession, application_id: str, *, by: str, now: datetime) -> None:
    """The application goes on without whoever acted: other people, or the person alone."""
    _end_open(await records_of(session, application_id), by=by, now=now)


def _end_open(rows: Sequence[Representation], *, by: str, now: datetime) -> None:
    for row in rows:
        if row.ended_at is None:
            _end(row, Ended.REPLACED, by=by, now=now)


def _end(row: Representation, why: Ended, *, by: str, now: datetime) -> None:
    row.ended_at, row.ended_why, row.ended_by = now, why, by


def _actor(citizen_id: str | None) -> str:
    return f"citizen:{citizen_id or 'unknown'}"


def _named(person: Named) -> dict[str, str]:
    return {"name": person.name, "id_no": person.id_no}


def _answered(register: RelationRegister, answer: RelationAnswer) -> dict[str, str | None]:
    return {
        "register": str(register),
        "answer": str(answer.answer),
        "source": answer.source,
        "reference": answer.reference,
        "as_of": answer.as_of.isoformat() if answer.as_of else None,
    }


async def _audit(
    session: AsyncSession,
    row: Representation,
    what: str,
    actor: str,
    now: datetime,
    **detail: Any,
) -> None:
    """Who acts for whom by pseudonyms only: the row's id stands for both."""
    await record(
        session,
        actor=actor,
        action=f"relation.{what}",
        subject=f"application:{row.application_id}",
        detail={
            "representation": row.id,
            "relation": row.relation,
            "proved": row.proved,
            "expires_on": row.expires_on.isoformat(),
            "rules": row.rules_version,
            "steps": ",".join(row.steps),
            **{key: ",".join(map(str, one)) if isinstance(one, list) else one
               for key, one in detail.items()},
        },
        now=now,
    )  # fmt: skip
