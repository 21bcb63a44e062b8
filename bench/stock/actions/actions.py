"""The stock project's custom actions, as the Rasa documentation teaches them."""

import re
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

PHONE = r"1[3-9]\d{9}"
DATE = r"\d{4}年\d{1,2}月\d{1,2}日"


def checked(slot: str, pattern: str) -> Any:
    """A slot's validation method: the whole answer must match, else it is asked again."""

    def validate(
        self: FormValidationAction,
        value: Any,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
    ) -> dict[str, Any]:
        if re.fullmatch(pattern, str(value).strip()):
            return {slot: str(value).strip()}
        dispatcher.utter_message(response="utter_invalid")
        return {slot: None}

    return validate


class ValidatePermitForm(FormValidationAction):
    """Checks every answer of the form."""

    def name(self) -> str:
        return "validate_permit_form"

    validate_filed_by = checked("filed_by", r".*(自己|本人|别人|代办).*")
    validate_waive_type = checked("waive_type", r".*(登记|社保|不清楚).*")
    validate_card_photo = checked("card_photo", r".+")
    validate_name = checked("name", r".{2,30}")
    validate_id_no = checked("id_no", r"[1-9]\d{16}[\dXx]")
    validate_ethnicity = checked("ethnicity", r".{1,10}")
    validate_hukou_address = checked("hukou_address", r".{5,100}")
    validate_phone = checked("phone", PHONE)
    validate_sms_code = checked("sms_code", r"\d{6}")
    validate_reason = checked("reason", r".*(工作|住处|读书).*")
    validate_current_region = checked("current_region", r".*(社区|村).*")
    validate_current_address = checked("current_address", r".*(路|街|巷).*号.*")
    validate_move_in_date = checked("move_in_date", DATE)
    validate_housing_type = checked("housing_type", r".*(租|自有|宿舍|借住).*")
    validate_landlord_name = checked("landlord_name", r".{2,60}")
    validate_landlord_phone = checked("landlord_phone", PHONE)
    validate_lease_no = checked("lease_no", r"没有.*|[A-Za-z0-9]{4,40}")
    validate_lease_end = checked("lease_end", DATE)
    validate_employer = checked("employer", r".{2,60}")
    validate_photo_mode = checked("photo_mode", r".*(回执|拍).*")
    validate_photo_receipt_no = checked("photo_receipt_no", r"[A-Za-z0-9]{8,32}")
    validate_pickup = checked("pickup", r".*(领|寄).*")
    validate_card = checked("card", r".+")
    validate_lease = checked("lease", r".+")
    validate_work_proof = checked("work_proof", r".+")
    validate_review = checked("review", r"没错|对|对的|是|是的|确认")


class ActionCorrect(Action):
    """Empties the slot that is said to be wrong; the form then asks for it again."""

    def name(self) -> str:
        return "action_correct"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_correct")
        wrong = next(tracker.get_latest_entity_values("field"), None)
        return [SlotSet(wrong, None)] if wrong in tracker.slots else []


class ActionSubmit(Action):
    """Ends the application and empties the form."""

    def name(self) -> str:
        return "action_submit"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_submitted")
        form = domain["forms"]["permit_form"]["required_slots"]
        return [SlotSet(slot, None) for slot in form]
