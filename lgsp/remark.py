"""Something that the backend says to people, so that a page can say it in its reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Remark", "remark"]


@dataclass(frozen=True, slots=True)
class Remark:
    """`text` is English; `code` names the sentence (`remark.<code>` in the console's catalogues), and `values` fill its places."""

    code: str
    text: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        return self.text


def remark(code: str, template: str, **values: object) -> Remark:
    """From a template with the values' names in braces."""
    told = {name: str(value) for name, value in values.items()}
    return Remark(code, template.format(**told), told)
