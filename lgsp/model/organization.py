"""Organizations (cơ quan, đơn vị)."""

from operator import itemgetter

from pydantic import ValidatorFunctionWrapHandler

from lgsp.model.base import Name, OrganizationId, Strict, Text

__all__ = ["Organization", "Person", "each_checked_once"]

_MANY = 4
_REMEMBERED = 8_192
_LONGEST = 512
_NAMED = itemgetter("id", "name")  # most have no more; its pairs can't be mistaken for the longer keys


class Organization(Strict):
    """An agency as a message names it (From, To of edXML)."""

    id: OrganizationId
    name: Name
    in_charge: Text = ""
    address: Text = ""
    email: Text = ""
    telephone: Text = ""
    fax: Text = ""
    website: Text = ""


_checked: dict[tuple[object, ...], Organization] = {}


def each_checked_once(value: object, check: ValidatorFunctionWrapHandler) -> tuple[Organization, ...]:
    """For a list of organizations: those that were found right before are not looked at again.

    The same agencies are named in message after message, and to check one anew costs six times as much as to recognise it.
    """
    if not isinstance(value, list) or len(value) < _MANY:
        return check(value)  # type: ignore[no-any-return]
    try:
        keys = [_NAMED(one) if len(one) == 2 else (None, *one, *one.values()) for one in value]
        known = [_checked.get(key, one) for key, one in zip(keys, value, strict=True)]
    except (
        AttributeError,
        KeyError,
        TypeError,
    ):  # no object, or with something in it that does not belong there
        return check(value)  # type: ignore[no-any-return]
    found: tuple[Organization, ...] = check(known)
    for key, given, one in zip(keys, known, found, strict=True):
        if given is not one and sum(len(part or "") for part in key) <= _LONGEST:
            if len(_checked) >= _REMEMBERED:
                del _checked[next(iter(_checked))]
            _checked[key] = one
    return found


class Person(Strict):
    """Who did it: a clerk, an officer (StaffInfo, NguoiXuLy)."""

    name: Text = ""
    position: Text = ""
    department: Text = ""
    email: Text = ""
    telephone: Text = ""
