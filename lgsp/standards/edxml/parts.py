"""Picking values out of a tree that has the XSD's shape; whatever may be missing is taken as an empty value."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from lgsp.clock import VIETNAM
from lgsp.standards.edxml.schema import NAMESPACE
from lgsp.standards.xml import Element

__all__ = [
    "Parts",
    "attribute",
    "every",
    "flag",
    "number",
    "one",
    "part",
    "parts",
    "text",
    "texts",
    "to_day",
    "to_moment",
]

Parts = Mapping[str, Element]
"""The first child of each qualified name."""

_LONGEST_NUMBER = 18
_Q = f"{{{NAMESPACE}}}"


def one(element: Element | None, *path: str) -> Element | None:
    """The element at the end of the path, where each step is there."""
    for step in path:
        if element is None:
            return None
        element = next(element.iterchildren(_Q + step), None)
    return element


def every(element: Element | None, name: str) -> list[Element]:
    """The children of that name."""
    return [] if element is None else list(element.iterchildren(_Q + name))


def parts(element: Element | None) -> Parts:
    """The element's children, gone through once: to look for each by itself took a third of reading a packet."""
    if element is None:
        return {}
    backwards: Iterator[Element] = element.iterchildren(reversed=True)
    return {str(each.tag): each for each in backwards}


def part(of: Parts, name: str) -> Element | None:
    """The child of that name."""
    return of.get(_Q + name)


def text(of: Parts, name: str) -> str:
    """The value of the child of that name; empty where there is none."""
    found = of.get(_Q + name)
    return "" if found is None else found.text or ""


def texts(element: Element | None, name: str) -> tuple[str, ...]:
    """The values of the children of that name."""
    return tuple(each.text or "" for each in every(element, name))


def number(of: Parts, name: str) -> int | None:
    """The number in the child of that name."""
    value = text(of, name)
    # What is longer is no Number to the XSD either, and was reported.
    return int(value) if value.isdecimal() and len(value) <= _LONGEST_NUMBER else None


def flag(of: Parts, name: str) -> bool | None:
    """The truth in the child of that name."""
    value = text(of, name).lower()
    return value in {"1", "true"} if value else None


def attribute(element: Element | None, name: str) -> str:
    """The value of an attribute; empty where there is none."""
    return "" if element is None else element.get(name) or ""


def to_day(value: str) -> date:
    """yyyy/MM/dd.

    Raises:
        ValueError: it is no day.
    """
    if len(value) != len("yyyy/MM/dd"):
        raise ValueError("not yyyy/MM/dd")
    return date.fromisoformat(value.replace("/", "-"))


def to_moment(value: str) -> datetime:
    """yyyy/MM/dd HH:mm:ss in Vietnamese time.

    Raises:
        ValueError: it is no moment.
    """
    if len(value) != len("yyyy/MM/dd HH:mm:ss"):
        raise ValueError("not yyyy/MM/dd HH:mm:ss")
    return datetime.fromisoformat(value.replace("/", "-")).replace(tzinfo=VIETNAM)
