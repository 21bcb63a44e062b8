"""Getting in with somebody else's face, film, card or challenge."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from backoffice.identity import liveness
from backoffice.identity.alarms import AlarmKind
from backoffice.identity.policy import Means
from backoffice.uploads import store
from integrations.ports import LiveAction
from tests.attacks.conftest import FACES, Office, Somebody, wanted
from tests.conversations import pictures


def counted(office: Office, before: dict[AlarmKind, int]) -> Counter[AlarmKind]:
    """What was counted since."""
    return Counter(office.alarms()) - Counter(before)


def test_a_selfie_of_hers_proves_nothing_and_is_counted(
    office: Office, mei: Somebody, thief: Somebody
) -> None:
    """A single picture never does; the same one from another visit is told to somebody."""
    first = mei.widget("selfie")
    assert mei.visit.upload(first, pictures.selfie(mei.face)).status_code == 201
    before = office.alarms()
    thief.show_card()
    widget = thief.widget("selfie")
    answer = thief.visit.upload(widget, pictures.selfie(mei.face))
    assert answer.status_code == 201
    thief.done(widget, answer.json()["upload_id"])
    assert Means.FACE not in thief.evidence()
    assert counted(office, before) == {AlarmKind.REPLAYED_PICTURE: 1}


def test_the_photo_of_her_card_is_no_living_face(
    office: Office, mei: Somebody, thief: Somebody
) -> None:
    mei.show_card()
    thief.show_card()
    widget = thief.widget("selfie")
    answer = thief.visit.upload(widget, thief.card())
    if answer.status_code == 201:
        thief.done(widget, answer.json()["upload_id"])
    assert Means.FACE not in thief.evidence()


def test_her_film_sent_again_is_refused(
    office: Office, mei: Somebody, thief: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when chance asks for the very same actions."""
    same = [LiveAction.TURN_LEFT, LiveAction.BLINK]
    monkeypatch.setattr(liveness, "_random", lambda count: same)
    film = mei.prove()
    before = office.alarms()
    thief.show_card()
    widget = thief.widget("selfie")
    begun = thief.challenged(widget)
    answer = thief.send(widget, begun.json()["nonce"], film)
    assert answer.status_code == 422 or answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "upload.live_replayed"
    assert Means.FACE not in thief.evidence()
    assert counted(office, before) == {AlarmKind.REPLAYED_FRAMES: 1}


def test_her_film_for_other_actions_is_refused(
    office: Office, mei: Somebody, thief: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A film that nobody has sent before, of her doing what was asked another time."""
    done = [LiveAction.LOOK_STRAIGHT, LiveAction.TURN_LEFT, LiveAction.BLINK]
    film = pictures.shown(mei.face, done)
    monkeypatch.setattr(
        liveness, "_random", lambda count: [LiveAction.OPEN_MOUTH, LiveAction.TURN_RIGHT]
    )
    thief.show_card()
    widget = thief.widget("selfie")
    answer = thief.send(widget, thief.challenged(widget).json()["nonce"], film)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "upload.live_action_missing"
    assert Means.FACE not in thief.evidence()


def test_a_nonce_used_or_of_another_visit_opens_nothing(
    office: Office, mei: Somebody, thief: Somebody
) -> None:
    mei.show_card()
    widget = mei.widget("selfie")
    begun = mei.challenged(widget)
    nonce, frames = begun.json()["nonce"], pictures.shown(mei.face, wanted(begun))
    before = office.alarms()
    thief.show_card()
    strange = thief.send(thief.widget("selfie"), nonce, frames)
    assert strange.status_code == 409
    assert mei.send(widget, nonce, frames).status_code == 201
    again = mei.send(widget, nonce, pictures.shown(mei.face, wanted(begun)))
    assert again.status_code == 409
    assert counted(office, before)[AlarmKind.OLD_NONCE] == 2
    assert Means.FACE not in thief.evidence()


def test_two_at_once_use_a_nonce_once(mei: Somebody) -> None:
    mei.show_card()
    widget = mei.widget("selfie")
    begun = mei.challenged(widget)
    nonce = begun.json()["nonce"]
    films = [pictures.shown(mei.face, wanted(begun)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda film: mei.send(widget, nonce, film), films))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]


def test_a_living_face_that_is_not_the_cards_is_counted(
    office: Office, mei: Somebody, thief: Somebody
) -> None:
    office.somebody("何志强", FACES["thief"])  # the models know his face
    before = office.alarms()
    thief.show_card()
    answer, _, widget = thief.live(FACES["thief"])
    assert answer.status_code == 201
    thief.done(widget, answer.json()["upload_id"])
    assert Means.FACE not in thief.evidence()
    assert counted(office, before) == {AlarmKind.FACE_DIFFERS: 1}


def test_failing_goes_on_to_no_other_visit(office: Office) -> None:
    """Twice in a visit, and no more than a few times a day with one account."""
    before, refused = office.alarms(), 0
    for _ in range(4):
        one = office.somebody("王建军", FACES["thief"], phone="13911112222")
        one.show_card()
        for _ in range(liveness.FAILURES_ALLOWED):
            widget = one.widget("selfie")
            begun = one.challenged(widget)
            if begun.status_code == 429:
                refused += 1
                continue
            still = [(300 * n, f) for n, f in enumerate([pictures.selfie(one.face)] * 9)]
            one.send(widget, begun.json()["nonce"], still)
        assert Means.FACE not in one.evidence()
    found = counted(office, before)
    assert found[AlarmKind.LIVE_FAILED] + found[AlarmKind.REPLAYED_FRAMES] == liveness.PER_ACCOUNT
    assert refused == found[AlarmKind.LIVE_EXHAUSTED] == 8 - liveness.PER_ACCOUNT


def test_waiting_for_a_convenient_challenge_ends(office: Office) -> None:
    """Whoever has one film of her begins, gives up and begins anew, in one visit after another."""
    before, begun, refused = office.alarms(), 0, 0
    for _ in range(3):
        one = office.somebody("冯国强", FACES["thief"], phone="13911113333")
        one.show_card()
        widget = one.widget("selfie")
        for _ in range(liveness.STARTS_ALLOWED):
            status = one.challenged(widget).status_code
            begun, refused = begun + (status == 201), refused + (status == 429)
    assert begun == liveness.PER_ACCOUNT * liveness.BEGUN_AND_FAILED, "of 24"
    assert counted(office, before)[AlarmKind.LIVE_EXHAUSTED] == refused == 24 - begun


def test_another_card_after_the_face_takes_its_effect_away(office: Office, mei: Somebody) -> None:
    mei.prove()
    other = office.people["何志强"]
    office._show(other, FACES["thief"])
    mei.show_card(mei.card(other, FACES["thief"]))
    assert Means.FACE not in mei.evidence(), "the card is another person's now"


def test_a_card_uploaded_after_the_check_does_not_count_for_it(
    office: Office, mei: Somebody, thief: Somebody
) -> None:
    """The event names one upload; what came later to the same widget is not taken for it."""
    other = office.people["何志强"]
    office._show(other, FACES["thief"])
    widget = thief.widget("id_card_front")
    own = thief.visit.upload(widget, thief.card(other, FACES["thief"])).json()["upload_id"]
    assert thief.visit.upload(widget, thief.card()).status_code == 201
    thief.done(widget, own)
    draft = thief.draft()
    assert draft.answers["id_no"] == other.id_no, "the card that was named is the card that counts"


def test_a_file_swapped_on_the_disk_does_not_open(
    office: Office, mei: Somebody, thief: Somebody
) -> None:
    hers, his = mei.show_card(), thief.show_card()
    folder = mei.hall.office.settings.uploads_dir
    (folder / his[:2] / his).write_bytes((folder / hers[:2] / hers).read_bytes())
    with pytest.raises(Exception, match="(?i)decrypt|authentic|seal") as told:
        store.read(folder, his)
    assert "Decryption" in type(told.value).__name__
