"""The one form of JSON that is hashed and sealed."""

import json


def canonical(value: object) -> str:
    """Keys in order, no spaces, characters as they are: equal values give equal texts.

    What is sealed already depends on every byte of this; a change breaks all earlier seals.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
