"""What we need from the outside world, in our words.

Each port has a real adapter and a sandbox adapter that keeps the same promises; the bootstrap
chooses. Adapters may raise only the errors defined here.
"""

from integrations.ports.card_reader import (
    CardKind,
    CardUnread,
    ChipCard,
    IdCardReader,
    NoCard,
    WltPhotoDecoder,
)
from integrations.ports.departments import (
    DeptCase,
    DeptCases,
    DeptField,
    DeptPaper,
    DeptState,
    DeptStatus,
)
from integrations.ports.errors import (
    IntegrationError,
    Rejected,
    Unavailable,
)
from integrations.ports.faces import (
    ActionResult,
    Band,
    FaceComparison,
    FaceIndex,
    FaceInspection,
    FaceMatch,
    FacePurpose,
    FaceTemplate,
    LiveAction,
    LiveFrame,
    LivenessReading,
    ModelScore,
)
from integrations.ports.fingerprints import (
    FingerImage,
    FingerMatch,
    FingerprintMatcher,
    FingerprintSensor,
    FingerQuality,
    NoFinger,
    PrintFault,
)
from integrations.ports.registers import (
    Answer,
    PoliceAnswer,
    PoliceCheck,
    Question,
    RegisterAnswer,
    Registers,
)
from integrations.ports.relations import (
    Named,
    RelationAnswer,
    RelationQuestion,
    RelationRegister,
    RelationRegisters,
)
from integrations.ports.seals import (
    SealedPdf,
    SealMark,
    SealSigner,
)
from integrations.ports.sms import (
    Receipt,
    SmsSender,
)
from integrations.ports.video import (
    VideoDesk,
    VideoSession,
    VideoState,
    VideoStatement,
)
from integrations.ports.vision import (
    CardBackReading,
    CardReading,
    Vision,
)

__all__ = [
    "ActionResult",
    "Answer",
    "Band",
    "CardBackReading",
    "CardKind",
    "CardReading",
    "CardUnread",
    "ChipCard",
    "DeptCase",
    "DeptCases",
    "DeptField",
    "DeptPaper",
    "DeptState",
    "DeptStatus",
    "FaceComparison",
    "FaceIndex",
    "FaceInspection",
    "FaceMatch",
    "FacePurpose",
    "FaceTemplate",
    "FingerImage",
    "FingerMatch",
    "FingerQuality",
    "FingerprintMatcher",
    "FingerprintSensor",
    "IdCardReader",
    "IntegrationError",
    "LiveAction",
    "LiveFrame",
    "LivenessReading",
    "ModelScore",
    "Named",
    "NoCard",
    "NoFinger",
    "PoliceAnswer",
    "PoliceCheck",
    "PrintFault",
    "Question",
    "Receipt",
    "RegisterAnswer",
    "Registers",
    "Rejected",
    "RelationAnswer",
    "RelationQuestion",
    "RelationRegister",
    "RelationRegisters",
    "SealMark",
    "SealSigner",
    "SealedPdf",
    "SmsSender",
    "Unavailable",
    "VideoDesk",
    "VideoSession",
    "VideoState",
    "VideoStatement",
    "Vision",
    "WltPhotoDecoder",
]
