"""The life of an application (办件): one enum of states, one of steps, one table.

收件 (`SUBMITTED`) is not 受理 (`ACCEPTED`); a correction returns to 收件. An authority that says
nothing within five working days has accepted (行政许可法 第三十二条第一款第四项), so the clock takes
a step too.
"""

from enum import StrEnum


class State(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    CANCELLED = "cancelled"
    SUBMITTED = "submitted"
    SUPPLEMENT_DUE = "supplement_due"
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Step(StrEnum):
    """What can happen to an application."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    REQUEST_SUPPLEMENT = "request_supplement"
    ACCEPT = "accept"
    DEEM_ACCEPTED = "deem_accepted"
    NOT_ACCEPT = "not_accept"
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.DRAFT, Step.SUBMIT): State.SUBMITTED,
    (State.DRAFT, Step.CANCEL): State.CANCELLED,
    (State.DRAFT, Step.EXPIRE): State.EXPIRED,
    (State.SUBMITTED, Step.REQUEST_SUPPLEMENT): State.SUPPLEMENT_DUE,
    (State.SUBMITTED, Step.ACCEPT): State.ACCEPTED,
    (State.SUBMITTED, Step.DEEM_ACCEPTED): State.ACCEPTED,
    (State.SUBMITTED, Step.NOT_ACCEPT): State.NOT_ACCEPTED,
    (State.SUBMITTED, Step.WITHDRAW): State.WITHDRAWN,
    (State.SUPPLEMENT_DUE, Step.SUBMIT): State.SUBMITTED,
    (State.SUPPLEMENT_DUE, Step.WITHDRAW): State.WITHDRAWN,
    (State.SUPPLEMENT_DUE, Step.EXPIRE): State.EXPIRED,
    (State.ACCEPTED, Step.REQUEST_SUPPLEMENT): State.SUPPLEMENT_DUE,
    (State.ACCEPTED, Step.APPROVE): State.APPROVED,
    (State.ACCEPTED, Step.REFUSE): State.REFUSED,
    (State.ACCEPTED, Step.WITHDRAW): State.WITHDRAWN,
}

OPEN_FOR_ANSWERS = frozenset({State.DRAFT, State.SUPPLEMENT_DUE})
CONCLUDED = frozenset(
    {
        State.CANCELLED,
        State.NOT_ACCEPTED,
        State.APPROVED,
        State.REFUSED,
        State.WITHDRAWN,
        State.EXPIRED,
    }
)
AT_THE_AUTHORITY = frozenset({State.SUBMITTED, State.ACCEPTED})
WITHDRAWABLE = frozenset(state for state, step in TRANSITIONS if step == Step.WITHDRAW)
"""States in which the applicant may take the application back: any time before the decision."""
