"""One turn's working place: what is known, and the bubbles that are being said."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backoffice import messages
from backoffice.applications.draft import Draft, load_draft, load_proofs
from backoffice.applications.services import adopt, application_in
from backoffice.calendar import WorkCalendar
from backoffice.clock import china_date
from backoffice.conversations.models import Conversation, Turn
from backoffice.conversations.services import Bubble, issue_widget
from backoffice.devices.services import card_reader_at
from backoffice.dialogue import facts
from backoffice.dialogue.agenda import Next, next_step
from backoffice.dialogue.proving import Standing, standing_of
from backoffice.identity.accounts import citizen_with_number, link_number
from backoffice.identity.policy import Means, Policy
from backoffice.identity.services import CodeLimits
from backoffice.queue.rules import QueueRules
from backoffice.remembering.rules import Rules
from backoffice.representation.rules import ActingRules
from backoffice.understanding import normalise
from backoffice.understanding.lexicon import lexicon, words
from catalogue.loader import Catalogue
from catalogue.parameters import Hall
from catalogue.schema import ServiceItem
from catalogue.signoffs import SignOff

_TRAILING = re.compile(r"[\s。．.!！~～,，、啊呀喇啦吧呢哦喔嘛哈了]+$")


@dataclass(frozen=True)
class Knowledge:
    """What every turn may look up; the same for all.

    Attributes:
        remembering: how people are remembered; None where nobody is.
        finger_device: the kiosk that the fingerprint sensor stands at; empty: there is none.
        video_desk: clerks can be called for a live look.
        face_rules: the rules of remembering where nobody is remembered, too: the law counts every
            face that is kept, also those of applications.
        signoffs: the departments' sign-offs; None in a demonstration, where none are needed.
    """

    catalogue: Catalogue
    hall: Hall
    calendar: WorkCalendar
    policy: Policy
    queue: QueueRules
    acting: ActingRules
    code_limits: CodeLimits = CodeLimits()
    remembering: Rules | None = None
    finger_device: str = ""
    signoffs: Mapping[str, SignOff] | None = None
    video_desk: bool = False
    face_rules: Rules | None = None


@dataclass
class Talk:
    """One turn of one conversation.

    Attributes:
        draft: the application that the visit works on, while it is open for answers.
        bubbles: what is said in this turn, in order.
        slots: what the engine is told to remember.
        pressed: the value of the button whose title was typed.
        ranking: the items that the model thinks of, with its confidence, best first.
        card_reader: a card can be laid on a reader where this visit takes place.
    """

    session: AsyncSession
    knowledge: Knowledge
    conversation: Conversation
    turn: Turn
    now: datetime
    draft: Draft | None = None
    bubbles: list[Bubble] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)
    pressed: str | None = None
    ranking: Sequence[tuple[str, float]] = ()
    card_reader: bool = False

    @property
    def today(self) -> date:
        """The day in China."""
        return china_date(self.now)

    @property
    def text(self) -> str:
        """What the citizen typed, normalised; empty for an event. Never leaves the back office."""
        pressed = self.pressed or self.prepared.get("pressed")
        return normalise(pressed or self.turn.request.get("text", ""))

    @property
    def asked(self) -> str:
        """The question to answer: this turn's, or the one that it decides ("which item?")."""
        earlier = self.prepared.get("asked")
        return normalise(earlier) if earlier else self.text

    @property
    def prepared(self) -> dict[str, Any]:
        """What `prepare` made of this turn."""
        return self.turn.prepared or {}

    @property
    def signed_in(self) -> bool:
        """Whether this visit's citizen is known."""
        return self.conversation.citizen_id is not None

    @property
    def finger_sensor(self) -> bool:
        """Whether a finger can be laid on a sensor where this visit takes place."""
        here = self.conversation.device_id
        return here is not None and here == self.knowledge.finger_device

    @property
    def filling(self) -> Draft | None:
        """The draft, unless the citizen has put it aside."""
        if self.draft is None or self.draft.progress.get("paused"):
            return None
        return self.draft

    @property
    def focus(self) -> dict[str, Any] | None:
        """The question that interrupts, if any."""
        return self.conversation.focus

    @focus.setter
    def focus(self, value: dict[str, Any] | None) -> None:
        self.conversation.focus = value

    def recall(self, key: str, otherwise: Any = None) -> Any:
        """A small fact of this visit."""
        return (self.conversation.memory or {}).get(key, otherwise)

    def remember(self, **facts: Any) -> None:
        """Set small facts of this visit (None removes)."""
        merged = {**(self.conversation.memory or {}), **facts}
        self.conversation.memory = {k: v for k, v in merged.items() if v is not None}

    async def load(self) -> "Talk":
        """Load the draft; returns itself."""
        self.card_reader = await card_reader_at(
            self.session, self.conversation.device_id, now=self.now
        )
        application = await application_in(self.session, self.conversation)
        if application is not None:
            item = self.knowledge.catalogue.find(application.item_code)
            if item is not None:
                self.draft = await load_draft(self.session, application, item, on=self.today)
                self.draft.proven = self.standing(self.draft).entitled
        return self

    def step(self) -> Next | None:
        """What the draft awaits; None without a draft being filled."""
        return next_step(self.filling, self.standing(self.filling)) if self.filling else None

    def standing(self, draft: Draft) -> Standing:
        """How far whoever speaks has proved who they are, for this draft."""
        return standing_of(
            draft,
            self.knowledge.policy,
            self.knowledge.acting,
            signed_in=self.signed_in,
            channel=self.conversation.channel,
            now=self.now,
            without=self._no_device(),
        )

    def _no_device(self) -> set[Means]:
        return set() if self.card_reader else {Means.CARD_CHIP}

    async def proof_given(self) -> None:
        """Look at the proofs again: one was given, or what they are about has changed."""
        if self.draft is not None:
            await self.session.flush()
            await load_proofs(self.session, self.draft)
            standing = self.standing(self.draft)
            self.draft.proven = standing.entitled
            # Where the person proves beside whoever types, the account stays the typist's.
            speaks = not (self.draft.for_other and self.draft.person_proves)
            if standing.identity.proven and self.draft.acting_id_no is not None and speaks:
                await self._know_person(self.draft, self.draft.acting_id_no)

    async def _know_person(self, draft: Draft, id_no: str) -> None:
        """Who proved to be somebody is signed in by that, with or without a phone."""
        if self.conversation.citizen_id is not None:
            await link_number(self.session, self.conversation.citizen_id, id_no)
            return
        citizen = await citizen_with_number(self.session, id_no, now=self.now)
        await adopt(self.session, self.conversation, citizen.id)
        draft.application.citizen_id = citizen.id

    def item(self, code: str | None) -> ServiceItem | None:
        """An item of the catalogue by its code."""
        return self.knowledge.catalogue.find(code) if code else None

    def says(self, section: str) -> bool:
        """Whether the whole utterance is one of the short expressions of `dialogue.yml`."""
        return self.text in words("dialogue", section) or bare(self.text) in words(
            "dialogue", section
        )

    def says_any(self) -> bool:
        """Whether it is one of those expressions, whatever it would answer."""
        return any(self.says(section) for section in lexicon("dialogue"))

    def is_exactly(self, words_: str) -> bool:
        """Whether the whole utterance is these words, but for particles and punctuation."""
        return bare(self.text) == bare(normalise(words_))

    def mentions(self, section: str) -> bool:
        """Whether one of the short expressions of `dialogue.yml` is part of the utterance."""
        return any(one in self.text for one in words("dialogue", section))

    def say(
        self,
        key: str,
        *,
        buttons: Sequence[dict[str, str]] | None = None,
        widget: dict[str, str] | None = None,
        **params: object,
    ) -> None:
        """Say the text `key` with its own buttons (or these)."""
        shown = messages.buttons(key, **params) if buttons is None else list(buttons)
        self.say_words(messages.text(key, **params), buttons=shown, widget=widget)

    def say_words(
        self,
        words_: str,
        *,
        buttons: Sequence[dict[str, str]] = (),
        widget: dict[str, str] | None = None,
    ) -> None:
        """Say words that come from the catalogue."""
        figures = self.knowledge.catalogue.figures
        bubble: Bubble = {"text": facts.with_figures(words_, figures, self.today)}
        if buttons:
            bubble["buttons"] = list(buttons)
        if widget:
            bubble["widget"] = widget
        self.bubbles.append(bubble)

    async def widget(self, kind: str, target: str | None = None) -> dict[str, str]:
        """A widget to be shown in a bubble."""
        return await issue_widget(
            self.session, self.conversation, kind=kind, target=target, now=self.now
        )


def bare(text: str) -> str:
    """An utterance without trailing particles and punctuation."""
    return _TRAILING.sub("", text.strip())
