"""The public face of being remembered; other packages import from here only."""

from backoffice.remembering.basis import basis_of
from backoffice.remembering.confirming import (
    confirm,
    drop,
    look_of,
    open_proposal,
    press_of,
    proposed_account,
)
from backoffice.remembering.directory import FaceDirectory
from backoffice.remembering.fingers import (
    FINGER_CONFIRM,
    FINGER_ENROL,
    FINGER_WIDGET,
    FingerDesk,
    finger_tries_left,
    press_finger,
)
from backoffice.remembering.keeping import (
    FINGERS,
    RECOGNISE,
    REMEMBER,
    Kept,
    forget_expired,
    forget_what_was_not_finished,
    is_remembered,
    kept_of,
    people_with_faces,
)
from backoffice.remembering.looking import (
    CAMERA_WIDGET,
    LOOK_ENROL,
    LOOK_RECOGNISE,
    Looker,
    look_purpose,
    take_look,
)
from backoffice.remembering.rules import Rules

__all__ = [
    "CAMERA_WIDGET",
    "FINGERS",
    "FINGER_CONFIRM",
    "FINGER_ENROL",
    "FINGER_WIDGET",
    "LOOK_ENROL",
    "LOOK_RECOGNISE",
    "RECOGNISE",
    "REMEMBER",
    "FaceDirectory",
    "FingerDesk",
    "Kept",
    "Looker",
    "Rules",
    "basis_of",
    "confirm",
    "drop",
    "finger_tries_left",
    "forget_expired",
    "forget_what_was_not_finished",
    "is_remembered",
    "kept_of",
    "look_of",
    "look_purpose",
    "open_proposal",
    "people_with_faces",
    "press_finger",
    "press_of",
    "proposed_account",
    "take_look",
]
