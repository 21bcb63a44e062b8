"""Whether a value can be taken for a field. Each fault's text is in data/messages/faults.yml."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from backoffice.understanding.addresses import missing_parts, parts, resolve_region
from backoffice.understanding.identity_numbers import fault_code
from backoffice.understanding.lexicon import alternation, words
from backoffice.understanding.types import Fault, Wanted

_EARLIEST_DAY = date(1900, 1, 1)
_LATEST_DAY = date(2100, 1, 1)
SHORTEST_PHONE = 11
_NEED_CODES = {"路/街/巷": "road", "门牌": "number", "房号": "room"}


def _bound(rule: Any, today: date) -> date | None:
    if rule == "today":
        return today
    if isinstance(rule, date):
        return rule
    try:
        return date.fromisoformat(str(rule))
    except ValueError:
        return None


def _check_id(wanted: Wanted, value: Any, today: date) -> Fault | None:
    code = fault_code(str(value), today=today)
    if code is None:
        return None
    return Fault(f"fault.id_number.{code}", {"count": len(str(value))})


def _check_phone(wanted: Wanted, value: Any, today: date) -> Fault | None:
    digits = str(value)
    if re.fullmatch("1[3-9][0-9]{9}", digits):
        return None
    if digits.startswith("0") and len(digits) in (10, 11, 12) or len(digits) in (7, 8):
        return Fault("fault.phone.landline")
    if len(digits) != SHORTEST_PHONE:
        return Fault("fault.phone.length", {"count": len(digits)})
    return Fault("fault.phone.shape")


def _check_date(wanted: Wanted, value: Any, today: date) -> Fault | None:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        return Fault("fault.date.impossible")
    if not _EARLIEST_DAY <= day <= _LATEST_DAY:
        return Fault("fault.date.impossible")
    latest, earliest = (
        _bound(wanted.rules.get("max"), today),
        _bound(wanted.rules.get("min"), today),
    )
    if latest and day > latest:
        return Fault(
            "fault.date.in_future" if latest == today else "fault.date.too_late",
            {"latest": latest.isoformat()},
        )
    if earliest and day < earliest:
        return Fault(
            "fault.date.in_past" if earliest == today else "fault.date.too_early",
            {"earliest": earliest.isoformat()},
        )
    return None


def _check_choice(wanted: Wanted, value: Any, today: date) -> Fault | None:
    allowed = {option.value for option in wanted.options}
    given = value if isinstance(value, (list, tuple)) else (value,)
    if given and all(one in allowed for one in given):
        return None
    return Fault(
        "fault.choice.unknown", {"options": "、".join(option.label for option in wanted.options)}
    )


def _check_address(wanted: Wanted, value: Any, today: date) -> Fault | None:
    text = str(value).strip()
    missing = missing_parts(text, wanted.rules.get("needs", ()))
    if missing:
        return Fault(
            f"fault.address.{_NEED_CODES[missing[0]]}_missing", {"missing": "、".join(missing)}
        )
    if not parts(text) and len(text) < 4:
        return Fault("fault.address.short")
    return _check_length(wanted, text)


def _check_region(wanted: Wanted, value: Any, today: date) -> Fault | None:
    text = str(value)
    within = str(wanted.rules.get("within", ""))
    place = resolve_region(text)
    if within and place is None:
        elsewhere = re.compile(
            alternation(
                (words("places", "provinces") | words("places", "cities")) - {"佛山", "广东"}
            )
        )
        if elsewhere.match(text):
            return Fault("fault.region.outside", {"within": within})
    if wanted.rules.get("level") == "village" and (place is None or place.village is None):
        if not re.search("[一-鿿](?:村|社区|居委会|村委会)", text):
            town = place.town if place else ""
            return Fault(
                "fault.region.village_missing" if town else "fault.region.unknown",
                {"town": town, "within": within},
            )
    return None


def _check_length(wanted: Wanted, text: str) -> Fault | None:
    shortest, longest = wanted.rules.get("len", (1, 200))
    if len(text) < shortest:
        return Fault("fault.text.short", {"shortest": shortest})
    if len(text) > longest:
        return Fault("fault.text.long", {"longest": longest})
    return None


def _check_text(wanted: Wanted, value: Any, today: date) -> Fault | None:
    text = str(value).strip()
    named = "姓名" in wanted.label
    if named and len(text) == 1:
        return Fault("fault.name.surname_only")
    if fault := _check_length(wanted, text):
        return fault
    pattern = wanted.rules.get("pattern")
    if pattern and not re.fullmatch(str(pattern).strip("^$"), text):
        return Fault("fault.text.pattern", {"label": wanted.label})
    if wanted.rules.get("checksum") == "luhn" and not _luhn(text):
        return Fault("fault.text.pattern", {"label": wanted.label})
    if named and "单位" not in wanted.label and re.search(r"[0-9@#%*<>{}]", text):
        return Fault("fault.name.shape")
    if "民族" in wanted.label and text not in ethnic_names():
        return Fault("fault.ethnicity.unknown")
    return None


def _luhn(digits: str) -> bool:
    """Whether the last digit of a bank card's number fits the others (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    others = [int(digit) for digit in digits[-1::-2]]
    return (sum(others) + sum(value // 10 + value % 10 for value in doubled)) % 10 == 0


def _check_number(wanted: Wanted, value: Any, today: date) -> Fault | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return Fault("fault.number.shape")
    shortest, longest = wanted.rules.get("min"), wanted.rules.get("max")
    if isinstance(shortest, (int, float)) and number < shortest:
        return Fault("fault.number.small", {"least": shortest})
    if isinstance(longest, (int, float)) and number > longest:
        return Fault("fault.number.large", {"most": longest})
    return None


def _check_code(wanted: Wanted, value: Any, today: date) -> Fault | None:
    return None if re.fullmatch("[0-9]{6}", str(value)) else Fault("fault.sms_code.length")


def _check_yes_no(wanted: Wanted, value: Any, today: date) -> Fault | None:
    return None if isinstance(value, bool) else Fault("fault.yes_no.unclear")


_CHECKS: Mapping[str, Callable[[Wanted, Any, date], Fault | None]] = {
    "id_number": _check_id,
    "phone": _check_phone,
    "date": _check_date,
    "choice": _check_choice,
    "address": _check_address,
    "region": _check_region,
    "text": _check_text,
    "number": _check_number,
    "sms_code": _check_code,
    "yes_no": _check_yes_no,
}


def ethnic_names() -> frozenset[str]:
    """The names of ethnic groups as identity cards write them."""
    return frozenset(group + "族" for group in words("ethnic_groups", "groups")) | words(
        "ethnic_groups", "others"
    )


def ethnic_group(name: str | None) -> str | None:
    """The name with 族 as people say it (汉 → 汉族), also where a card or a chip leaves it out."""
    return f"{name}族" if name is not None and f"{name}族" in ethnic_names() else name


def check(wanted: Wanted, value: Any, *, today: date) -> Fault | None:
    """Why `value` (in normal form) cannot be taken for `wanted`, or None.

    Photos, documents and signatures are judged elsewhere: always None here.
    """
    if value is None or value == "" or value == ():
        return Fault("fault.empty")
    checker = _CHECKS.get(wanted.kind)
    return checker(wanted, value, today) if checker else None
