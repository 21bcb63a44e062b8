"""How a template of a provider that counts its parameters is set: `number:name,name`."""

import re

_TEMPLATE = re.compile(r"(\d+)(?::([a-z_]+(?:,[a-z_]+)*))?")


def is_template(template: str) -> bool:
    """Whether it is in that form."""
    return _TEMPLATE.fullmatch(template) is not None


def template_parts(template: str) -> tuple[str, list[str]]:
    """Number and parameters' names, in the provider's order.

    Raises:
        ValueError: not in that form.
    """
    found = _TEMPLATE.fullmatch(template)
    if found is None:
        raise ValueError("not number:name,name")
    return found[1], found[2].split(",") if found[2] else []
