"""Keep TensorFlow, and old libraries' warnings, out of the process.

Rasa's policy module imports `rasa.utils.train_utils`, which imports TensorFlow only to
subclass two Keras helpers of the neural components. Nothing in our graph is neural:
without this the bot starts about ten seconds later and takes some 300 MB more.
Import this module before anything of `rasa`.
"""

from __future__ import annotations

import logging
import sys
from types import ModuleType


class _Absent:
    """Stands where a Keras base class would; using it is a mistake."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        raise RuntimeError("TensorFlow is not loaded in this process (see no_tensorflow.py)")


def install() -> None:
    """Put empty stand-ins for the imported TensorFlow modules; harmless when repeated."""
    if "tensorflow" in sys.modules:
        return
    tensorflow = ModuleType("tensorflow")
    keras = ModuleType("tensorflow.keras")
    callbacks = ModuleType("tensorflow.keras.callbacks")
    utils = ModuleType("tensorflow.keras.utils")
    callbacks.Callback = _Absent
    utils.Sequence = _Absent
    keras.callbacks, keras.utils = callbacks, utils
    tensorflow.keras = keras
    for module in (tensorflow, keras, callbacks, utils):
        sys.modules[module.__name__] = module


def no_warnings() -> None:
    """Send Python's warnings to logging and drop them: imports of old libraries emit dozens."""
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)


install()
no_warnings()
