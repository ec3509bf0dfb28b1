"""Numbers and moments as people read them, in either language."""

import json
from datetime import datetime
from itertools import pairwise

from lgsp.clock import VIETNAM
from lgsp.console.texts import Texts
from lgsp.standards.dossier_life import STATES

__all__ = ["ago", "as_json", "count", "dossier_state", "duration", "iso", "moment", "shown", "size"]

_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))


def iso(at_ms: int) -> str:
    """ISO 8601, in Vietnamese time."""
    return datetime.fromtimestamp(at_ms / 1000, tz=VIETNAM).isoformat(timespec="milliseconds")


def moment(at_ms: int, *, now_ms: int) -> str:
    """`08:30:15`, with the day where it is another one."""
    at = datetime.fromtimestamp(at_ms / 1000, tz=VIETNAM)
    today = datetime.fromtimestamp(now_ms / 1000, tz=VIETNAM).date()
    return f"{at:%H:%M:%S}" if at.date() == today else f"{at:%d/%m/%Y %H:%M}"


def duration(ms: float, t: Texts) -> str:
    """`12 ms`, `3.4 s`, `2 min 5 s`, `3 h 10 min`."""
    if ms < 1000:
        return f"{max(0, round(ms))} ms"
    if ms < 60_000:
        return f"{_decimal(ms / 1000, t)} {t('unit.s')}"
    for (size_ms, unit), (below_ms, below) in pairwise(_UNITS):
        if ms >= size_ms:
            whole, rest = divmod(ms, size_ms)
            more = int(rest // below_ms)
            return f"{int(whole)} {t('unit.' + unit)}" + (f" {more} {t('unit.' + below)}" if more else "")
    return f"{_decimal(ms / 1000, t)} {t('unit.s')}"


def ago(at_ms: int, t: Texts, *, now_ms: int) -> str:
    """`vừa xong`, `5 s`, `3 min` … one unit only."""
    past = now_ms - at_ms
    if past < 1000:
        return t("unit.now")
    for size_ms, unit in _UNITS:
        if past >= size_ms:
            return t("unit.ago", span=f"{past // size_ms} {t('unit.' + unit)}")
    return t("unit.now")


def count(number: float, t: Texts) -> str:
    """Thousands apart: `12.345` in Vietnamese, `12,345` in English."""
    text = f"{number:,}" if isinstance(number, int) else f"{number:,.1f}"
    return text.translate(str.maketrans(",.", ".,")) if t.lang == "vi" else text


def size(number: int, t: Texts) -> str:
    """Bytes as `1.2 MB`."""
    for limit, unit in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")):
        if number >= limit:
            return f"{_decimal(number / limit, t)} {unit}"
    return f"{number} B"


def dossier_state(code: object, t: Texts) -> str:
    """`4 · Đang xử lý`; a code that nobody knows as it is."""
    state = STATES.get(str(code))
    if state is None:
        return str(code or "–")
    return f"{state.code} · {state.name_vi if t.lang == 'vi' else state.name}"


def as_json(value: object) -> str:
    """Laid out, for a person to read as text."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def shown(value: object, t: Texts) -> str:
    """A value of JSON as people read it: yes and no, a dash for nothing, objects and lists as JSON."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return t("unit.yes" if value else "unit.no")
    return value if isinstance(value, str) else as_json(value)


def _decimal(number: float, t: Texts) -> str:
    text = f"{number:.1f}".removesuffix(".0")
    return text.replace(".", ",") if t.lang == "vi" else text
