"""Personal data in running text, found by its form, and by what structured fields elsewhere in the recording have told."""

import re
import unicodedata
from dataclasses import dataclass

from lgsp.recording.fields import looks_like_name
from lgsp.recording.pseudonyms import Pseudonyms, plain

__all__ = ["Findings"]

_FAMILIES = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Đinh",
    "Trịnh", "Đoàn", "Trương", "Lương", "Tạ", "Quách", "Mai", "Đào", "Hà", "Cao", "Lâm", "Châu", "Phùng", "Vương", "Chu", "Tô", "Lưu",
    "Đàm", "Kiều", "Nông", "Thạch", "Giàng", "Lò", "Vàng", "Sùng", "Hứa", "Khổng", "Triệu", "Thái", "Tống", "La", "Ninh", "Doãn",
)  # fmt: skip
_PLACES = (
    "Hà Nội", "Hà Nam", "Hà Giang", "Hà Tĩnh", "Hà Tây", "Hà Đông", "Cao Bằng", "Cao Lãnh", "Lâm Đồng", "Thái Bình", "Thái Nguyên",
    "Hồ Chí Minh", "Ninh Bình", "Ninh Thuận", "Châu Đốc", "Châu Thành", "Mai Châu", "Mai Sơn", "La Gi", "Dương Minh Châu",
    "Châu Á", "Châu Âu", "Lý Sơn", "Lý Nhân",
)  # fmt: skip
_UPPER = "A-ZÀ-ÖØ-ÝĂĐĨŨƠƯẠ-Ỹ"
_LOWER = "a-zà-öø-ýăđĩũơưạ-ỹ"
_GAP = r"[\s\u200b-\u200d\u2060]+"
_FILED = "Nguyen|Pham|Huynh|Tran|Hoang|Trinh"
_NUMBER = rf"\d{{1,4}}[A-Za-z]?(?:/\d{{1,4}}[A-Za-z]?){{0,3}}(?= [{_UPPER}])"
_UNIT = (
    rf"(?:{_NUMBER}|[Đđ]ội|"
    r"[Ss]ố nhà|[Ss]ố|[Tt]hôn|[Xx]óm|[Bb]ản|[Bb]uôn|[Ll]àng|[Ấấ]p|[Tt]ổ(?: dân phố)?|[Kk]hu phố|[Nn]gõ|[Nn]gách|[Đđ]ường|[Pp]hố)"
)
_AREA = r"(?:[Xx]ã|[Pp]hường|[Tt]hị trấn|[Hh]uyện|[Qq]uận|[Tt]hị xã|[Tt]hành phố|TP\.?|[Tt]ỉnh|(?:[PQHX]|TX|TT)\.)"
_PART = r"[^,;.\n<>\"|]{1,60}"
_FORMS = (
    ("jwt", r"\beyJ[\w-]{10,}\.[\w-]{5,}\.[\w-]*"),
    ("secret", r"(?i:\b(?:bearer|basic)) +(?P<secret_core>(?=\S*[\d=])[A-Za-z0-9+/._~-]{8,}=*)"),
    ("password", r"(?i:\b(?:mật khẩu|password|passwd|pwd|matkhau))\s*[:=]\s*(?P<password_core>[^\s\"'&;,<>]{4,})"),
    ("token", r"(?i:\b\w{0,20}(?:token|session(?:id)?|sessid|api[_-]?key|secret))\s*[:=]\s*"
              r"(?P<token_core>(?=[^\s\"'&;,<>]*\d)[^\s\"'&;,<>]{8,})"),
    ("email", r"[\w.+%-]{1,64} ?(?:@|\(at\)|\[at\]) ?[\w-]+(?:\.[\w-]+)+"),
    ("learned", r"(?!)"),
    ("bank", r"(?i:\b(?:số tài khoản|số tk|stk|tài khoản(?: số)?|account(?: no\.?| number)?))\s*:?\s*(?P<bank_core>\d[\d .-]{4,22}\d)"),
    ("old", r"(?i:\b(?:cmnd|cmtnd|cmt|chứng minh(?: nhân dân| thư)?|cccd|căn cước(?: công dân)?))(?: số)?"
            r"\s*:?\s*(?P<old_core>(?:\d[\s.-]?){8,11}\d\b)"),
    ("tax", r"(?i:\b(?:mst|mã số thuế))\s*:?\s*(?P<tax_core>\d{10}(?:-\d{3})?\b)"),
    ("passport", r"(?i:\b(?:hộ chiếu|passport)(?: (?:số|no\.?))?)\s*:?\s*(?P<passport_core>[A-Z] ?\d{7,8}\b)"),
    ("insurance", r"\b[A-Z]{2}[1-5]\d{12}\b"),
    ("plate", r"(?<![\w.-])\d{2}-?[A-Z][A-Z0-9]?[- ]\d{3}\.?\d{2}(?![\w-])"),
    ("birth", r"(?i:\b(?:sinh ngày|ngày sinh|sinh năm|năm sinh|sinh))\s*:?\s*"
              r"(?P<birth_core>\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|(?:19|20)\d\d\b)"),
    ("citizen", r"(?<![\d.])0(?:0[1-9]|[1-8]\d|9[0-6])(?:[\s.-]?\d){9}(?!\d)"),
    ("phone", r"(?<![\d.])(?!\d\d[./-]\d\d[./-]\d{4}\b)(?:\(?(?:\+|00)?84\)?[\s.-]?|0)(?:3|5|7|8|9)(?:[\s.-]?\d){8}(?![\d])"),
    ("land", r"(?<![\d.])(?:\(?\+?84\)?[ .-]?|\(?0)2\d{1,2}\)?(?:[ .-]?\d){7,8}(?!\d)"),
    ("address", rf"\b{_UNIT} {_PART}(?:, ?{_PART}){{0,3}}, ?{_AREA} ?{_PART}(?:, ?{_AREA} ?{_PART}){{0,3}}"),
    ("name", rf"(?<!\w)(?:{'|'.join(_FAMILIES)})(?:{_GAP}[{_UPPER}][{_LOWER}]*){{1,4}}(?!\w)"),
    ("upper", rf"(?<!\w)(?:{'|'.join(one.upper() for one in _FAMILIES)})(?:{_GAP}[{_UPPER}]+){{1,4}}(?!\w)"),
    ("ascii", rf"(?<!\w)(?:{'|'.join(plain(one) for one in _FAMILIES if len(one) > 2)})(?:{_GAP}[A-Z][a-z]+){{2,3}}(?!\w)"),
    ("filed", rf"(?<![^\W_])(?:{_FILED})(?:[_.-]?[A-Z][a-z]+){{2,4}}(?![^\W_])"
              rf"|(?<![^\W_])(?:{'|'.join(_FAMILIES)})(?:[_.-][{_UPPER}][{_LOWER}]*){{1,4}}(?![^\W_])"),
)  # fmt: skip
_KIND = {
    "jwt": "secret", "old": "citizen", "land": "phone", "upper": "name", "ascii": "name", "password": "secret", "token": "secret",
    "passport": "shape", "insurance": "shape", "plate": "shape", "filed": "name",
}  # fmt: skip
_FULL_WIDTH = {0xFF10 + digit: str(digit) for digit in range(10)}
_LEAST = {"name": 5, "address": 10, "login": 6}
_LEAST_OTHERWISE = 6
_LEAST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class _Learned:
    """`original` is what a field held; `mark`: what stands between its words here, None: it stands as it was."""

    kind: str
    original: str
    mark: str | None = None


class Findings:
    """Learns from fields first, and replaces everywhere then: each text in one pass, so that no invention is taken for a find."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._learned: dict[str, _Learned] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, kind: str, value: str) -> None:
        """A field held this; it is replaced wherever else it stands."""
        text = " ".join(unicodedata.normalize("NFC", value).split())
        if len(text) < _LEAST.get(kind, _LEAST_OTHERWISE) or kind == "birth":
            return
        if kind == "name" and not looks_like_name(text):
            return
        self._keep(text, _Learned(kind, text))
        digits = re.sub(r"\D", "", text)
        if kind in {"citizen", "phone", "bank"} and len(digits) >= _LEAST_DIGITS:
            # Without its marks; and a telephone number as a number, or with the country's code.
            self._keep(digits, _Learned(kind, digits))
            for form in (
                (digits.removeprefix("0"), f"84{digits.removeprefix('0')}") if kind == "phone" else ()
            ):
                self._keep(form, _Learned(kind, form))
        if kind == "name":
            self._pseudonyms.know(text)
            self._keep(plain(text), _Learned(kind, text))
            *first, given = text.split()
            self._keep(" ".join((given, *first)), _Learned(kind, text, " "))
            for mark in ("", "_", "-", "."):  # as in names of files
                self._keep(mark.join(plain(text).split()), _Learned(kind, text, mark))

    def _keep(self, text: str, learned: _Learned) -> None:
        self._learned.setdefault(text.casefold(), learned)
        self._pseudonyms.originals.add(text.casefold())
        self._pattern = None

    def cleaned(self, text: str) -> str:
        """The text with invented data in place of all that was found."""
        if not text:
            return text
        if self._pattern is None:
            self._pattern = self._compiled()
        return self._pattern.sub(self._replaced, unicodedata.normalize("NFC", text).translate(_FULL_WIDTH))

    def leaks(self, text: str) -> bool:
        """Whether something that a field held still stands there, and was not invented."""
        folded = text.casefold()
        return any(original in folded for original in self._telling())

    def _telling(self) -> list[str]:
        return [
            text for text, one in self._learned.items() if one.kind in {"citizen", "phone", "email", "bank"}
        ]

    def _compiled(self) -> re.Pattern[str]:
        words = sorted(self._learned, key=len, reverse=True)
        spelt = "|".join(_GAP.join(map(re.escape, word.split())) for word in words)
        learned = rf"(?i:(?<![^\W_])(?:{spelt})(?![^\W_]))" if words else r"(?!)"
        parts = (f"(?P<{name}>{learned if name == 'learned' else form})" for name, form in _FORMS)
        return re.compile("|".join(parts))

    def _replaced(self, found: re.Match[str]) -> str:
        name, text = str(found.lastgroup), found[0]
        # The last group that closed is the outermost one: the alternative itself.
        if name == "learned":
            return self._learned_replaced(text)
        if name in {"name", "upper"} and text.casefold().startswith(tuple(one.casefold() for one in _PLACES)):
            return text
        core = found.groupdict().get(f"{name}_core") or text
        if name == "old" and len(re.sub(r"\D", "", core)) not in {9, 12}:
            return text
        if name == "filed":
            return self._filed_replaced(text)
        if name in {"name", "upper", "ascii"}:
            core = " ".join(re.split(_GAP, core))
        head = text[: len(text) - len(core)] if core in text else ""
        return head + self._pseudonyms.stand_in(_KIND.get(name, name), core)

    def _filed_replaced(self, text: str) -> str:
        """A name as it stands in the name of a file: `Nguyen_Thi_Hoa`, `NguyenThiHoa`."""
        mark = next((one for one in "_.-" if one in text), "")
        words = text.split(mark) if mark else re.findall(r"[A-Z][a-z]+", text)
        return mark.join(self._pseudonyms.stand_in("name", " ".join(words)).split())

    def _learned_replaced(self, text: str) -> str:
        text = " ".join(re.split(_GAP, text))
        learned = self._learned[text.casefold()]
        if learned.mark is None:
            return self._pseudonyms.stand_in(learned.kind, text)
        joined = learned.mark.join(plain(self._pseudonyms.stand_in("name", learned.original)).split())
        if text.islower():
            return joined.lower()
        return joined.upper() if text.isupper() else joined
