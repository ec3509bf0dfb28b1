"""What the pages say: one catalogue per language, with the same keys."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from lgsp.remark import Remark

__all__ = ["LANGUAGES", "Texts", "texts"]

LANGUAGES = ("vi", "en")
_CODED = {"kind": "type", "source": "system", "system": "system", "state": "signature"}
"""Values of remarks that are codes, with the section of their words."""


class Texts:
    """One language's words. A key is `section.name`."""

    def __init__(self, lang: str, words: Mapping[str, str]) -> None:
        self.lang = lang
        self._words = dict(words)

    @property
    def keys(self) -> frozenset[str]:
        """Every key."""
        return frozenset(self._words)

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key that exists, with its places filled in."""
        text = self._words[key]
        return text.format(**values) if values else text

    def word(self, section: str, code: object) -> str:
        """The word for a code, as a state or a type; the code itself where there is none."""
        return self._words.get(f"{section}.{str(code).replace('.', '_')}", str(code))

    def said(self, remark: Remark) -> str:
        """What the backend remarked, in this language; as it said it where the catalogue has no such remark."""
        text = self._words.get(f"remark.{remark.code}")
        if text is None:
            return remark.text
        values = {
            name: self.word(_CODED[name], value) if name in _CODED else value
            for name, value in remark.values.items()
        }
        return text.format(**values)


@cache
def texts(lang: str) -> Texts:
    """The catalogue of a language."""
    raw = tomllib.loads(files("lgsp.console.texts").joinpath(f"{lang}.toml").read_text(encoding="utf-8"))
    return Texts(
        lang, {f"{section}.{name}": text for section, words in raw.items() for name, text in words.items()}
    )
