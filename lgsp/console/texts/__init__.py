"""What the pages say: one catalogue per language, with the same keys."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["LANGUAGES", "Texts", "texts"]

LANGUAGES = ("vi", "en")


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


@cache
def texts(lang: str) -> Texts:
    """The catalogue of a language."""
    raw = tomllib.loads(files("lgsp.console.texts").joinpath(f"{lang}.toml").read_text(encoding="utf-8"))
    return Texts(
        lang, {f"{section}.{name}": text for section, words in raw.items() for name, text in words.items()}
    )
