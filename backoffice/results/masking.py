"""Hiding most of a name and a number, for pages and documents that others see."""


def mask_name(name: str) -> str:
    """`李梅` → `李*`, `欧阳小梅` → `欧**梅`, `阿不都·热合曼` → `阿*****曼`.

    Works on code points: a rare character outside the basic plane counts as one.
    """
    name = name.strip()
    if len(name) <= 1:
        return "*"
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_id_number(number: str) -> str:
    """All but the last four characters hidden."""
    return "*" * max(0, len(number) - 4) + number[-4:]
