"""The life of a ticket: one enum of states, one of steps, one table; each state is a timed period."""

from enum import StrEnum


class TicketState(StrEnum):
    """Where a ticket stands.

    CALLED: the number stands on the screens; SERVING: the person is at the window; HELD: sent to
    fetch something, comes back without a new number.
    """

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    HELD = "held"
    DONE = "done"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class TicketStep(StrEnum):
    """What can happen to a ticket."""

    TAKE = "take"
    CALL = "call"
    RECALL = "recall"
    START = "start"
    FINISH = "finish"
    HOLD = "hold"
    RESUME = "resume"
    NO_SHOW = "no_show"
    PUT_BACK = "put_back"
    RETURN = "return"
    TRANSFER = "transfer"
    CANCEL = "cancel"
    EXPIRE = "expire"


class BookingState(StrEnum):
    """Where a booked slot stands. It only leaves `booked`, once."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    CANCELLED = "cancelled"
    MISSED = "missed"


class PeriodKind(StrEnum):
    """What a citizen's time in the hall is spent on."""

    WAITING = "waiting"
    INVITED = "invited"
    SERVED = "served"
    ON_HOLD = "on_hold"


_W, _C, _S, _H = TicketState.WAITING, TicketState.CALLED, TicketState.SERVING, TicketState.HELD

TRANSITIONS: dict[tuple[TicketState, TicketStep], TicketState] = {
    (_W, TicketStep.CALL): _C,
    (_W, TicketStep.CANCEL): TicketState.CANCELLED,
    (_W, TicketStep.EXPIRE): TicketState.EXPIRED,
    (_C, TicketStep.RECALL): _C,
    (_C, TicketStep.START): _S,
    (_C, TicketStep.NO_SHOW): TicketState.NO_SHOW,
    (_C, TicketStep.PUT_BACK): _W,
    (_C, TicketStep.HOLD): _H,
    (_C, TicketStep.TRANSFER): _W,
    (_C, TicketStep.CANCEL): TicketState.CANCELLED,
    (_C, TicketStep.EXPIRE): TicketState.EXPIRED,
    (_S, TicketStep.FINISH): TicketState.DONE,
    (_S, TicketStep.HOLD): _H,
    (_S, TicketStep.TRANSFER): _W,
    (_S, TicketStep.EXPIRE): TicketState.EXPIRED,
    (_H, TicketStep.RESUME): _C,
    (_H, TicketStep.RETURN): _W,
    (_H, TicketStep.CANCEL): TicketState.CANCELLED,
    (_H, TicketStep.EXPIRE): TicketState.EXPIRED,
    (TicketState.NO_SHOW, TicketStep.RETURN): _W,
}

PERIOD_OF: dict[TicketState, PeriodKind] = {
    _W: PeriodKind.WAITING,
    _C: PeriodKind.INVITED,
    _S: PeriodKind.SERVED,
    _H: PeriodKind.ON_HOLD,
}

OPEN = frozenset(PERIOD_OF)
"""States in which the person is in the hall's hands: one such ticket per person and business."""
AT_WINDOW = frozenset({_C, _S})
"""States that keep a window busy."""
