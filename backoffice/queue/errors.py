"""What can go wrong with a ticket, each with its words in `data/messages/queue.yml`."""

from backoffice.errors import CitizenError


class QueueClosed(CitizenError):
    """No tickets are given at this moment. Params: opens, when the next ones are."""

    code = "queue.closed"
    status = 409


class TooManyWaiting(CitizenError):
    """Too many tickets of people who are not signed in wait from one network address."""

    code = "queue.too_many_waiting"
    status = 429


class TicketStepNotAllowed(CitizenError):
    """The ticket is not in a state for this."""

    code = "queue.step_not_allowed"
    status = 409


class CalledTooSeldom(CitizenError):
    """Nobody is passed over before having been called often enough. Params: times."""

    code = "queue.called_too_seldom"
    status = 409


class NoWindow(CitizenError):
    """This clerk sits at no window."""

    code = "queue.no_window"
    status = 409


class WindowTaken(CitizenError):
    """Somebody else sits there. Params: window."""

    code = "queue.window_taken"
    status = 409


class WindowBusy(CitizenError):
    """Somebody is called to this window or being served there. Params: number."""

    code = "queue.window_busy"
    status = 409


class HasAnotherTicket(CitizenError):
    """This person waits for that business with another number already."""

    code = "queue.has_another"
    status = 409


class SlotTaken(CitizenError):
    """No place is left in this slot, or it is none."""

    code = "queue.slot_taken"
    status = 409


class TooEarly(CitizenError):
    """Checked in before the slot's time. Params: from_, when one may."""

    code = "queue.too_early"
    status = 409
