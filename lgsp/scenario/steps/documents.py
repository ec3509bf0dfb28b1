"""Documents (văn bản) between agencies."""

from collections.abc import Sequence
from functools import partial

from lgsp.scenario.situation import Situation
from lgsp.scenario.vocabulary import Step
from lgsp.scenario.world import NotSoError, Record, Said, World, attachment, codes_of
from lgsp.standards import vxp

__all__ = ["PDF", "STEPS", "files_of"]

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
_MALFORMED = b'<?xml version="1.0"?>\n<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016">\n  <edXMLEnvelope>\n</edXML>\n'
_FILES = "table: tệp | nội dung (file | content); without content a small PDF"


def files_of(at: Situation) -> list[Record]:
    """The attachments that the table below a step names."""
    return [_file(*row.values()) for row in at.rows()]


def _file(name: str, content: str = "", *_: str) -> Record:
    return attachment(name, content.encode() if content else PDF)


async def issue(at: Situation, subject: str, sender: str, receivers: Sequence[str]) -> str:
    """A clerk of the province issues a document in iOffice."""
    return await _issued(at, "ioffice", "issue-document", subject, sender, receivers)


async def send(at: Situation, sender: str, subject: str, receivers: Sequence[str]) -> str:
    """A clerk of an agency outside sends one through the axis."""
    return await _issued(at, "axis", "send-document", subject, sender, receivers)


async def _issued(
    at: Situation, system: str, action: str, subject: str, sender: str, to: Sequence[str]
) -> str:
    form: Record = {"from": sender, "to": [*to], "subject": subject, "attachments": [*files_of(at)]}
    issued = await at.world.act(system, action, form)
    at.key, at.sender, at.issued_at = str(issued["document_id"]), sender, system
    return at.key


async def holds(at: Situation, agency: str) -> str:
    """It has arrived there."""
    await _received(at, agency)
    return f"{agency}: {at.key}"


async def holds_files(at: Situation, agency: str, count: int) -> Said:
    """It has arrived there, whole."""
    received = await _received(at, agency)
    files = received.get("attachments")
    found = len(files) if isinstance(files, list) else 0
    if found != count:
        raise NotSoError(
            f"{agency} holds {at.key} with {found} attachments, not {count}",
            f"{agency} có {at.key} với {found} tệp đính kèm, không phải {count}",
        )
    return Said(f"{agency}: {found} attachments", f"{agency}: {found} tệp đính kèm")


async def told(at: Situation, codes: Sequence[str], agencies: Sequence[str]) -> str:
    """Each of these agencies has reported each of these states (QĐ 28/2018/QĐ-TTg) to the sender."""

    async def all_of_them() -> Record | None:
        sent = await _sent(at)
        statuses = sent.get("statuses") if sent else None
        return sent if all(codes_of(statuses, one) >= set(codes) for one in agencies) else None

    try:
        wanted, whose, key = ", ".join(codes), ", ".join(agencies), at.about("document")
        what = Said(f"{wanted} of {whose} on {key}", f"{wanted} của {whose} về {key}")
        await at.world.until(what, all_of_them)
    except NotSoError as exc:
        statuses = (await _sent(at) or {}).get("statuses")
        there = {one: sorted(codes_of(statuses, one)) for one in agencies}
        reported = "; ".join(f"{one}: {', '.join(found) or '–'}" for one, found in there.items())
        raise NotSoError(f"{exc}; there are {there}", f"{exc.said.of('vi')}; hiện có {reported}") from exc
    return f"{len(agencies)} x {', '.join(codes)}"


async def recall(at: Situation, reason: str) -> str:
    """The sender takes it back."""
    await at.world.act(
        at.issued_at or "ioffice", "recall-document", {"document_id": at.about("document"), "reason": reason}
    )
    return at.key


async def registered(at: Situation, agency: str) -> str:
    """The receiver has registered it (03), as the sender's iOffice knows."""
    what = Said(f"{agency} has registered it", f"{agency} tiếp nhận văn bản")
    await at.world.until(what, partial(_life, at, agency, "03", ""))
    return f"{agency}: 03"


async def given_back(at: Situation, agency: str) -> str:
    """The receiver agreed to the recall, and works on it no more."""
    what = Said(f"{agency} agreed to give it back", f"{agency} đồng ý trả lại văn bản")
    await at.world.until(what, partial(_life, at, agency, "03", "agreed"))
    theirs = await _there(at.world, at.key, agency)
    if theirs is None or not theirs["withdrawn"]:
        raise NotSoError(f"{agency} still works on {at.key}", f"{agency} vẫn đang xử lý {at.key}")
    return f"{agency}: 15"


async def malformed(at: Situation) -> str:
    """An edXML that is no document, sent to the bus as iOffice would."""
    world = at.world
    signed = {
        "systemid": world.vxp_system_id, "servicetype": "eDoc", "messagetype": "edoc", "hash-file": vxp.file_hash(_MALFORMED),
        "from": "000.00.00.H34", "timestamp": vxp.timestamp(await world.now()), "Content-Type": "application/octet-stream",
    }  # fmt: skip
    headers = {**vxp.sign(signed, world.vxp_secret), "Content-Type": "application/octet-stream"}
    answer = await world.http.post(
        f"{world.at('gateway')}/in/ioffice/sendEdoc", content=_MALFORMED, headers=headers
    )
    reply = answer.json()
    at.reply = {"code": str(reply.get("ErrorCode")), "why": str(reply.get("ErrorDesc"))}
    at.key = ""
    return f"ErrorCode {at.reply['code']}"


async def _received(at: Situation, agency: str) -> Record:
    document_id = at.about("document")
    what = Said(f"{agency} holds {document_id}", f"{agency} có {document_id}")
    return await at.world.until(what, partial(_there, at.world, document_id, agency))


async def _there(world: World, document_id: str, agency: str) -> Record | None:
    """In the province's iOffice, or with the agencies behind the axis."""
    key = f"{document_id}|{agency}"
    if "ioffice" in world.urls and (found := await world.record("ioffice", "documents", key)) is not None:
        return found
    return await world.record("axis", "external_documents", key) if "axis" in world.urls else None


async def _sent(at: Situation) -> Record | None:
    document_id = at.about("document")
    if at.issued_at == "ioffice":
        return await at.world.record("ioffice", "documents", document_id)
    wanted = {"document_id": document_id, "agency": at.sender}
    return await at.world.find("axis", "external_documents", lambda row: wanted.items() <= row.items())


async def _life(at: Situation, agency: str, status: str, request: str) -> Record | None:
    row = await at.world.record("ioffice", "documents", at.about("document"))
    receivers = row["receivers"] if row is not None else None
    life: Record = {"status": status, "request": request}
    return row if isinstance(receivers, dict) and receivers.get(agency) == life else None


STEPS = (
    Step(
        "iOffice issues the document {string} from {agency} to {agencies}",
        "iOffice phát hành văn bản {string} của {agency} gửi {agencies}", issue, _FILES,
    ),
    Step(
        "{agency} sends the document {string} through the axis to {agencies}",
        "{agency} gửi văn bản {string} qua trục tới {agencies}", send, _FILES,
    ),
    Step("{agency} holds the document", "{agency} nhận được văn bản", holds),
    Step(
        "{agency} holds the document with {int} attachment(s)", "{agency} nhận được văn bản với {int} tệp đính kèm", holds_files
    ),
    Step(
        "the sender is told {codes} by {agencies}", "nơi gửi nhận được các trạng thái {codes} từ {agencies}", told
    ),
    Step("{agency} has registered the document", "{agency} đã tiếp nhận văn bản", registered),
    Step("the sender recalls the document because of {string}", "nơi gửi thu hồi văn bản vì {string}", recall),
    Step("{agency} has given the document back", "{agency} đã trả lại văn bản", given_back),
    Step("iOffice sends a malformed edXML", "iOffice gửi một gói edXML sai cú pháp", malformed),
)  # fmt: skip
