"""Invented data in place of personal data: the same for the same within one recording, in the same form, with no way back.

Each draw is seeded by HMAC-SHA256 under a secret that is made for the recording, and never leaves this process.
"""

import hmac
import random
import re
import secrets
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

__all__ = ["Pseudonyms", "plain"]

_FAMILY = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Phan",
    "Vũ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Ngô",
    "Dương",
    "Lý",
    "Đinh",
    "Trịnh",
)
_MIDDLE = (
    "Văn",
    "Hữu",
    "Đức",
    "Minh",
    "Quang",
    "Xuân",
    "Thanh",
    "Ngọc",
    "Gia",
    "Bảo",
    "Công",
    "Quốc",
    "Đình",
    "Trọng",
)
_GIVEN = (
    "An", "Bách", "Cường", "Dũng", "Giang", "Hải", "Hiếu", "Khánh", "Kiên", "Lâm", "Long", "Nam", "Nghĩa", "Phong", "Phúc", "Quân",
    "Sơn", "Tài", "Thắng", "Toàn", "Trung", "Tùng", "Việt", "Vinh",
)  # fmt: skip
_WOMEN = (
    "Anh",
    "Chi",
    "Dung",
    "Hà",
    "Hạnh",
    "Hoa",
    "Hương",
    "Lan",
    "Linh",
    "Mai",
    "Nga",
    "Ngân",
    "Nhung",
    "Oanh",
    "Thảo",
    "Trang",
    "Yến",
)
_COMMUNES = (
    "An Bình",
    "Bình Minh",
    "Đông Sơn",
    "Hòa An",
    "Long Phú",
    "Phú Xuân",
    "Tân Lập",
    "Thanh Bình",
    "Vĩnh Hòa",
)
_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_MOST_DRAWS = 1000
Draw = Callable[[random.Random, str], str]


class Pseudonyms:
    """What stands for what in one recording."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._made: dict[tuple[str, str], str] = {}
        self._taken: set[tuple[str, str]] = set()
        self._accented: dict[str, str] = {}
        self.originals: set[str] = set()
        """What no invention may be equal to."""
        self.counts: Counter[str] = Counter()

    def stand_in(self, kind: str, original: str) -> str:
        """The invented value for this one, in its form."""
        key = self._key(kind, original)
        core = self._made.get((kind, key))
        if core is None:
            core = self._made[kind, key] = self._drawn(kind, key, original)
        self.counts[kind] += 1
        return _in_form(kind, core, original)

    def know(self, name: str) -> None:
        """A name with its accents, before it may come without them."""
        self._key("name", name)

    def _drawn(self, kind: str, key: str, original: str) -> str:
        found = ""
        for number in range(_MOST_DRAWS):
            seed = hmac.digest(self._secret, f"{kind}\0{key}\0{number}".encode(), "sha256")
            chance = random.Random(seed)  # noqa: S311 - what must stay secret is the seed
            found = _DRAWS[kind](chance, original)
            if (kind, found) not in self._taken and found.casefold() not in self.originals:
                break
        self._taken.add((kind, found))
        return found

    def _key(self, kind: str, original: str) -> str:
        text = " ".join(unicodedata.normalize("NFC", original).casefold().split())
        if kind == "name":
            # One person, written with accents here and without them there.
            if plain(text) != text:
                self._accented.setdefault(plain(text), text)
            return self._accented.get(text, text)
        if kind == "phone":
            return _national(text)
        return re.sub(r"\D", "", text) if kind in {"citizen", "bank", "tax"} else text


def plain(text: str) -> str:
    """Without accents."""
    apart = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _name(chance: random.Random, original: str) -> str:
    words = original.split()
    is_woman = "thi" in [plain(word).casefold() for word in words]
    given = chance.choice(_WOMEN if is_woman else _GIVEN)
    middles = ["Thị"] if is_woman else []
    wanted = max(1, min(len(words), 5) - 2)
    while len(middles) < wanted:
        middles.append(chance.choice(_MIDDLE))
    return " ".join([chance.choice(_FAMILY), *(middles if len(words) > 2 else []), given])


def _citizen(chance: random.Random, original: str) -> str:
    """999 is a province code that was never given out (TT 59/2021/TT-BCA); sex and century stay."""
    digits = re.sub(r"\D", "", original)
    if len(digits) == 12:
        return f"999{digits[3]}{chance.randrange(100):02}{chance.randrange(10**6):06}"
    return f"999{chance.randrange(10**6):06}"


def _phone(chance: random.Random, original: str) -> str:
    national = _national(original)
    # 0999 is what the demo's citizens have; no area has the code 0200.
    head = "0200" if national.startswith("02") else "0999"
    rest = max(1, len(national) - 4)
    return head + f"{chance.randrange(10**rest):0{rest}}"


def _national(phone: str) -> str:
    """0…, of +84…, 84… and of a number that lost its zero."""
    digits = re.sub(r"\D", "", phone)
    return f"0{digits[2:] if digits.startswith('84') and len(digits) > 9 else digits.removeprefix('0')}"


def _email(chance: random.Random, _: str) -> str:
    words = plain(_name(chance, "a b c")).lower().split()
    return f"{'.'.join(words)}{chance.randrange(10**4):04}@example.vn"


def _address(chance: random.Random, _: str) -> str:
    return f"Số {chance.randrange(1, 400)}, đường Mô Phỏng {chance.randrange(1, 100)}, xã {chance.choice(_COMMUNES)}"


def _tax(chance: random.Random, original: str) -> str:
    """Ten digits whose last one checks the others (TT 105/2020/TT-BTC); a branch keeps its number."""
    digits = re.sub(r"\D", "", original)
    while True:
        head = f"99{chance.randrange(10**7):07}"
        check = 10 - sum(int(digit) * weight for digit, weight in zip(head, _TAX_WEIGHTS, strict=True)) % 11
        if 0 <= check <= 9:
            return f"{head}{check}{digits[10:]}"


def _shape(chance: random.Random, original: str) -> str:
    """Digit for digit, letter for letter; no digit stays as it was, since by chance a few in a row would."""
    return "".join(_like(chance, letter) for letter in original)


def _like(chance: random.Random, letter: str) -> str:
    if letter.isdigit():
        return str((unicodedata.digit(letter) + chance.randrange(1, 10)) % 10)
    if letter.isalpha():
        found = chance.choice("abcdefghijklmnopqrstuvwxyz")
        return found.upper() if letter.isupper() else found
    return letter


def _secret_text(chance: random.Random, _: str) -> str:
    return f"invented-{chance.randrange(16**24):024x}"


def _login(chance: random.Random, _: str) -> str:
    return f"user{chance.randrange(10**6):06}"


def _birth(chance: random.Random, original: str) -> str:
    """A day of another year: of one who is known to be born in 1995 the year is all that there is."""
    while True:
        day = date(1950, 1, 1) + timedelta(days=chance.randrange(20_000))
        if str(day.year) not in original:
            return day.isoformat()


_DRAWS: dict[str, Draw] = {
    "name": _name, "citizen": _citizen, "phone": _phone, "email": _email, "address": _address, "bank": _shape, "tax": _tax,
    "shape": _shape, "secret": _secret_text, "login": _login, "birth": _birth,
}  # fmt: skip


def _in_form(kind: str, core: str, original: str) -> str:
    if kind == "name":
        text = core if plain(original) != original else plain(core)
        return text.upper() if original.isupper() else text
    if kind == "phone":
        return _phone_form(core, original)
    if kind in {"citizen", "tax", "bank"}:
        return _filled(re.sub(r"\D", "", core), original)
    return _birth_form(core, original) if kind == "birth" else core


def _phone_form(core: str, original: str) -> str:
    count = sum(map(str.isdigit, original))
    prefix = re.match(r"\s*(\(?\+?84\)?)", original)
    if prefix is None or count <= 9:
        return _filled(core if count >= len(core) else core[1:], original)
    return original[: prefix.end()] + _filled(core[1:], original[prefix.end() :])


def _filled(digits: str, form: str) -> str:
    """The digits in place of the form's, as many as it has."""
    left = iter(digits)
    return "".join(next(left, "") if letter.isdigit() else letter for letter in form) + "".join(left)


def _birth_form(core: str, original: str) -> str:
    year, month, day = core.split("-")
    forms = (
        (r"(\d{2})([/.-])(\d{2})\2(\d{4})", rf"{day}\g<2>{month}\g<2>{year}"),
        (r"(\d{4})([/.-])(\d{2})\2(\d{2})", rf"{year}\g<2>{month}\g<2>{day}"),
        (r"\d{4}[01]\d[0-3]\d", f"{year}{month}{day}"),
        (r"\d{4}", year),
    )
    for form, written in forms:
        found = re.match(form, original)
        if found is not None:
            return re.sub(form, written, original, count=1)
    return core
