"""Questions and answers: citizens ask here, provinces fetch and answer; and what provinces keep here of their own.

Table `questions` by HOIDAPID, each row as both lists hand it out, with the sender's and the answers' own columns beside.
"""

from datetime import datetime

from pydantic import JsonValue

from lgsp.clock import VIETNAM
from lgsp.standards import dvcqg
from lgsp.standards.identifiers import deterministic_id
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.codes import Codes, Found
from lgsp_mocks.portal.reply import DUPLICATE, FAILED, NOT_FOUND, Problem, refused

__all__ = [
    "ANSWERED",
    "ASKED_HERE",
    "DRAFT",
    "WAITING",
    "answer",
    "answers_to",
    "asked_of",
    "keep",
    "kept_by",
]

Row = dict[str, JsonValue]
ASKED_HERE, KEPT = "portal", "agency"
DRAFT, WAITING, ANSWERED = "0", "1", "2"
"""TRANGTHAI; that clients skip 0 is public, the rest is assumed."""
COLUMNS = tuple(dvcqg.QuestionRecord.model_fields)


def asked_of(context: Context, unit: str) -> JsonValue:
    """LayDanhSachHoiDapGuiTuDVCQG: what citizens asked the unit or those below it, oldest first."""
    return _listed(context, unit, ASKED_HERE)


def kept_by(context: Context, unit: str) -> JsonValue:
    """LayDanhSachHoiDapBoCoQuan: what the unit or those below it put here."""
    return _listed(context, unit, KEPT)


def _listed(context: Context, unit: str, origin: str) -> JsonValue:
    people = context.population
    asking = people.agency(unit)
    rows: list[JsonValue] = []
    for row in context.state.table("questions").values():
        owner = people.agency(str(row["MADONVI"]))
        if row["nguon"] == origin and owner and asking and asking.id in {owner.id, owner.parent}:
            rows.append({name: row.get(name, "") for name in COLUMNS})
    return rows


def answers_to(context: Context, question: str) -> JsonValue:
    """LayNoiDungTraLoiTheoCauHoi: oldest first, none where nobody has answered.

    Raises:
        WireError: no such question.
    """
    row = context.state.table("questions").get(question)
    if row is None:
        raise refused([Problem(NOT_FOUND, "/cauhoiid", _unknown(question))])
    return [{"TRALOIID": one["TRALOIID"], "NOIDUNGTRALOI": one["NOIDUNGTRALOI"]} for one in _answers(row)]


def keep(context: Context, request: dvcqg.DongBoHoiDap) -> None:
    """DongBoHoiDap: new ones, and new wordings of those that are there.

    Raises:
        WireError: an item names an unknown unit or field, or takes the number of somebody else's question.
    """
    codes, table = Codes(context, request.madonvi), context.state.table("questions")
    problems: list[Problem] = []
    for index, item in enumerate(request.data):
        found = [*codes.of_unit(item.MADONVI, "MADONVI"), *codes.has_field(item.MaLinhVuc, "MaLinhVuc")]
        before = table.get(item.HOIDAPID)
        if before is not None and (
            before["nguon"] != KEPT or codes.of_unit(str(before["MADONVI"]), "MADONVI")
        ):
            text = f"câu hỏi {item.HOIDAPID} đã tồn tại / the number is another question's"
            found.append((DUPLICATE, "HOIDAPID", text))
        problems += [Problem(code, f"/data/{index}/{field}", text) for code, field, text in found]
    if problems:
        raise refused(problems)
    for item in request.data:
        known: Row = table.get(item.HOIDAPID) or {"nguon": KEPT, "TRANGTHAI": WAITING, "tra_loi": []}
        told: Row = {
            "HOIDAPID": item.HOIDAPID, "MALINHVUC": item.MaLinhVuc, "NOIDUNG": item.NOIDUNG, "MADONVI": item.MADONVI,
            "TENDONVI": item.TENDONVI,
        }  # fmt: skip
        table.put(item.HOIDAPID, known | told)


def answer(context: Context, request: dvcqg.DongBoKetQuaHoiDapGuiTuDVCQG) -> None:
    """DongBoKetQuaHoiDapGuiTuDVCQG. The same answer again changes nothing; another one comes beside it and is the newest.

    Raises:
        WireError: no such question of that unit, or a day before it was asked or still to come.
    """
    codes, table = Codes(context, request.madonvi), context.state.table("questions")
    problems: list[Problem] = []
    for index, item in enumerate(request.data):
        found = _wrong_answer(context, codes, item, table.get(item.HOIDAPID))
        problems += [Problem(code, f"/data/{index}/{field}", text) for code, field, text in found]
    if problems:
        raise refused(problems)
    for item in request.data:
        row = table.get(item.HOIDAPID) or {}
        told: JsonValue = item.model_dump(mode="json") | {"TRALOIID": _answer_id(item)}
        if told in (before := _answers(row)):
            continue
        newest: Row = {
            "NOIDUNGTRALOI": item.NOIDUNGTRALOI, "TRALOIID": _answer_id(item), "TRANGTHAI": ANSWERED,
            "tra_loi": [*before, told],
        }  # fmt: skip
        table.put(item.HOIDAPID, row | newest)


def _wrong_answer(context: Context, codes: Codes, item: dvcqg.QuestionAnswer, row: Row | None) -> list[Found]:
    if row is None or row["nguon"] != ASKED_HERE or row["TRANGTHAI"] == DRAFT:
        return [(NOT_FOUND, "HOIDAPID", _unknown(item.HOIDAPID))]
    found = codes.of_unit(item.MADONVI, "MADONVI")
    if codes.of_unit(str(row["MADONVI"]), ""):
        found.append(
            (FAILED, "HOIDAPID", f"câu hỏi {item.HOIDAPID} gửi tới {row['MADONVI']} / asked of another unit")
        )
    day = datetime.strptime(item.NGAYTRALOI, "%d/%m/%Y").replace(tzinfo=VIETNAM).date()
    asked = datetime.fromisoformat(str(row["hoi_luc"])).astimezone(VIETNAM).date()
    if not asked <= day <= context.clock.now().astimezone(VIETNAM).date():
        found.append(
            (
                FAILED,
                "NGAYTRALOI",
                f"phải từ ngày hỏi ({asked:%d/%m/%Y}) đến hôm nay / not since it was asked",
            )
        )
    return found


def _answers(row: Row) -> list[Row]:
    answers = row.get("tra_loi")
    return [one for one in answers if isinstance(one, dict)] if isinstance(answers, list) else []


def _answer_id(item: dvcqg.QuestionAnswer) -> str:
    return deterministic_id("answer", *item.model_dump(mode="json").values())


def _unknown(question: str) -> str:
    return f"không có câu hỏi {question} / no such question"
