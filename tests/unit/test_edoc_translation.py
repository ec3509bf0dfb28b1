"""lgsp_adapters.edoc: edXML to messages and back."""

import hashlib
import random
from datetime import timedelta

import pytest

from edoc_samples import (
    HOME,
    ISSUER,
    business_xml,
    document_data,
    document_message,
    document_xml,
    message,
    organization_data,
    status_message,
    status_xml,
)
from fakes import START, MemoryBlobs
from lgsp.clock import VIETNAM
from lgsp.errors import InvalidMessageError, RejectedError
from lgsp.message import Message
from lgsp.model.document import Document, DocumentChange, DocumentStatus
from lgsp.standards import edxml
from lgsp_adapters import edoc

pytestmark = pytest.mark.unit

DOCUMENT_ID = f"{ISSUER},2026/11/20,7816/VPCP-TTĐT"


async def read(raw: bytes, blobs: MemoryBlobs | None = None, system: str = "axis", now=START) -> Message:
    return await edoc.to_canonical(edxml.read(raw), edoc.Source(system, now), blobs or MemoryBlobs())


async def write(out: Message, *organizations: str, blobs: MemoryBlobs | None = None) -> edoc.Packet:
    packet = await edoc.from_canonical(out, organizations, blobs or MemoryBlobs())
    return edxml.read(await edoc.encode(packet))


async def test_a_document_becomes_document_issued_with_its_envelope():
    out = await read(document_xml(to=(HOME, "000.00.02.H34")))
    assert (out.kind, out.subject, out.correlationid) == ("document.issued", DOCUMENT_ID, DOCUMENT_ID)
    assert (out.sender, out.recipients) == (ISSUER, f"{HOME},000.00.02.H34")
    assert (out.source, out.dataschema) == ("/systems/axis", "https://lgsp.vn/schemas/document.issued/1")
    assert out.time.astimezone(VIETNAM).isoformat() == "2026-11-20T09:00:00+07:00"


@pytest.mark.parametrize("traced", ["", HOME], ids=["no trace", "another's trace"])
async def test_a_document_whose_issuer_left_no_time_has_that_of_its_day(traced):
    raw = document_xml().decode()
    header = f"<e:TraceHeader><e:OrganId>{ISSUER}</e:OrganId>\n<e:Timestamp>2026/11/20 09:00:00</e:Timestamp></e:TraceHeader>"
    assert header in raw
    other = header.replace(ISSUER, traced) if traced else ""
    out = await read(raw.replace(header, other).encode())
    assert out.time.astimezone(VIETNAM).isoformat() == "2026-11-20T00:00:00+07:00"


async def test_a_relayed_document_keeps_its_issuers_own_time_in_the_trace():
    relayed = f"<e:TraceHeader><e:OrganId>{HOME}</e:OrganId><e:Timestamp>2026/11/20 10:30:00</e:Timestamp></e:TraceHeader>"
    raw = document_xml(attachments=()).replace(
        b"</e:TraceHeaderList>", f"{relayed}</e:TraceHeaderList>".encode()
    )
    assert [each.organ_id for each in edxml.read(raw).traces] == [ISSUER, HOME]
    first = (await write(await read(raw))).traces[0]
    assert (first.organ_id, f"{first.timestamp:%Y/%m/%d %H:%M:%S}") == (ISSUER, "2026/11/20 09:00:00")


async def test_every_field_of_a_document_arrives_in_the_model():
    document = Document.model_validate((await read(document_xml())).data)
    assert str(document.code) == "7816/VPCP-TTĐT"
    assert document.subject == "V/v kết nối, liên thông"
    assert (document.signer.competence, document.signer.name) == ("TL. BỘ TRƯỞNG", "Nguyễn Văn A")
    assert (document.priority, document.copies, document.pages, document.steering_type) == (1, 2, 3, 1)
    assert (document.appendixes, document.to_places) == (("Phụ lục I",), ("Các sở",))
    assert (document.place, document.content, document.sphere) == ("Hà Nội", "Tóm tắt", "Liên thông")
    assert document.due_on.isoformat() == "2026-12-20"


async def test_attachments_travel_as_claim_checks():
    blobs = MemoryBlobs()
    out = await read(document_xml(attachments=(("a.pdf", b"%PDF-1"), ("b.txt", b"text"))), blobs)
    assert [(each["name"], each["media_type"]) for each in out.data["attachments"]] == [
        ("a.pdf", "application/pdf"),
        ("b.txt", "text/plain"),
    ]
    assert out.data["attachments"][0]["blob"]["sha256"] == hashlib.sha256(b"%PDF-1").hexdigest()
    assert sorted(blobs.contents.values()) == [b"%PDF-1", b"text"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [("../../etc/passwd", ".._.._etc_passwd"), ("a\\b\n.pdf", "a_b_.pdf"), (" ", "tep-dinh-kem")],
)
def test_a_file_name_loses_whatever_could_be_a_path(name, safe):
    assert edoc.safe_name(name) == safe


async def test_a_document_without_documentid_gets_the_standards_own():
    out = await read(document_xml(document_id=None))
    assert out.subject == out.data["document_id"] == DOCUMENT_ID


async def test_reading_the_same_packet_again_gives_the_same_id_at_any_time():
    first, second = await read(document_xml()), await read(document_xml(), now=START + timedelta(days=1))
    assert first.id == second.id


async def test_other_packets_have_other_ids():
    recall = document_xml(business=business_xml(1, DOCUMENT_ID))
    packets = [
        document_xml(),
        document_xml(number="2"),
        document_xml(to=("000.00.02.H34",)),
        recall,
        status_xml(),
        status_xml(code="06"),
        status_xml(reporter="000.00.02.H34"),
        status_xml(timestamp="2026/11/23 09:00:00"),
    ]
    assert len({(await read(raw)).id for raw in packets}) == len(packets)


@pytest.mark.parametrize(
    ("business", "kind"), [(1, "document.recalled"), (2, "document.updated"), (3, "document.replaced")]
)
async def test_a_change_is_filed_under_the_document_that_it_concerns(business, kind):
    original = f"{ISSUER},2026/11/01,1/VPCP-TTĐT"
    out = await read(document_xml(business=business_xml(business, original)))
    change = DocumentChange.model_validate(out.data)
    assert (out.kind, out.subject, out.dataschema.split("/")[-2]) == (kind, original, kind)
    assert (change.concerns, change.reason) == (original, "Sai sót")
    assert change.document.document_id == DOCUMENT_ID


async def test_a_replacement_names_what_it_replaces_and_for_whom():
    out = await read(document_xml(business=business_xml(3, "old")))
    assert out.data["replacements"] == [{"document_id": "old", "organization_ids": [HOME]}]


async def test_a_status_goes_to_the_issuer_under_the_original_document():
    out = await read(status_xml())
    status = DocumentStatus.model_validate(out.data)
    assert (out.kind, out.subject) == ("document.status", DOCUMENT_ID)
    assert (out.sender, out.recipients) == (HOME, ISSUER)
    assert (status.status, status.staff.name, status.description) == ("03", "Trần B", "Đã vào sổ")
    assert out.time.astimezone(VIETNAM).isoformat() == "2026-11-23T08:00:00+07:00"


async def test_what_reads_as_edxml_but_breaks_the_model_is_invalid_and_stores_nothing():
    packet = edxml.read(document_xml())
    blobs = MemoryBlobs()
    broken = edxml.EdxmlDocument(
        sender=packet.sender,
        recipients=packet.recipients,
        number="1",
        notation="A",
        promulgation_date=packet.promulgation_date,
        type_name="Công văn",
        subject="x" * 3000,
        attachments=packet.attachments,
    )
    with pytest.raises(InvalidMessageError) as caught:
        await edoc.to_canonical(broken, edoc.Source("axis", START), blobs)
    assert caught.value.faults[0].place == "/subject"
    assert blobs.contents == {}


async def test_a_document_goes_out_with_everything_it_had():
    blobs = MemoryBlobs()
    raw = document_xml(to=(HOME, "000.00.02.H34"), attachments=(("a.pdf", b"%PDF-1"), ("a.pdf", b"%PDF-2")))
    first = await read(raw, blobs)
    packet = await write(first, blobs=blobs)
    assert [each.content.read() for each in packet.attachments] == [b"%PDF-1", b"%PDF-2"]
    again = await edoc.to_canonical(packet, edoc.Source("axis", START), blobs)
    assert again.data == first.data


async def test_a_status_goes_out_with_everything_it_had():
    first = await read(status_xml())
    packet = await write(first)
    again = await edoc.to_canonical(packet, edoc.Source("axis", START), MemoryBlobs())
    assert (again.data, again.id) == (first.data, first.id)


@pytest.mark.parametrize("business", [1, 2, 3])
async def test_a_change_goes_out_with_everything_it_had(business):
    blobs = MemoryBlobs()
    first = await read(document_xml(business=business_xml(business, "old")), blobs)
    again = await edoc.to_canonical(await write(first, blobs=blobs), edoc.Source("axis", START), blobs)
    assert (again.kind, again.data) == (first.kind, first.data)


async def test_only_the_organizations_of_the_delivery_are_addressed():
    out = document_message(to=(ISSUER, "000.00.00.G09", HOME))
    packet = await write(out, "000.00.00.G09", ISSUER)
    assert [each.id for each in packet.recipients] == ["000.00.00.G09", ISSUER]


async def test_an_organization_that_only_the_envelope_names_is_addressed_too():
    packet = await write(document_message(to=(ISSUER,)), "000.00.00.G09")
    assert [(each.id, each.name) for each in packet.recipients] == [("000.00.00.G09", "000.00.00.G09")]


async def test_an_attachment_that_is_not_in_the_store_is_rejected():
    out = message("document.issued", document_data(attachments=(("a.pdf", b"gone"),)))
    with pytest.raises(RejectedError, match=r"a\.pdf"):
        await edoc.from_canonical(out, (), MemoryBlobs())


async def test_attachments_that_are_too_large_together_are_rejected_before_they_are_read():
    data = document_data(attachments=(("a.pdf", b"x"),))
    data["attachments"][0]["blob"]["size"] = 200 * 1024 * 1024
    with pytest.raises(RejectedError, match="limit"):
        await edoc.from_canonical(message("document.issued", data), (), MemoryBlobs())


@pytest.mark.parametrize("kind", ["document.issued", "document.status", "document.recalled"])
async def test_data_that_breaks_its_schema_is_invalid_with_its_place(kind):
    with pytest.raises(InvalidMessageError) as caught:
        await edoc.from_canonical(message(kind, {"subject": 1}), (), MemoryBlobs())
    assert all(fault.place.startswith("/data") for fault in caught.value.faults)


async def test_a_kind_that_edxml_has_no_packet_for_is_rejected():
    with pytest.raises(RejectedError):
        await edoc.from_canonical(message("dossier.submitted", {}), (), MemoryBlobs())


async def test_packets_say_their_messagetype_and_title():
    document = await edoc.from_canonical(document_message(), (), MemoryBlobs())
    status = await edoc.from_canonical(status_message(), (), MemoryBlobs())
    assert (edoc.message_type(document), edoc.title(document)) == ("edoc", "V/v báo cáo")
    assert (edoc.message_type(status), edoc.title(status)) == ("status", "03 7816/VPCP-TTĐT")


async def test_an_organization_without_a_name_is_called_by_its_id():
    organ = edxml.EdxmlOrgan("000.00.00.G22")
    packet = edxml.EdxmlStatus(organ, edxml.EdxmlResponseFor(HOME, document_id="d"), "01")
    out = await edoc.to_canonical(packet, edoc.Source("axis", START), MemoryBlobs())
    assert out.data["reporter"]["name"] == organization_data(ISSUER)["id"]
    assert out.time == START


async def test_a_replacement_without_a_list_replaces_for_all_its_recipients():
    data = {"concerns": "old", "document": document_data(to=(ISSUER, "000.00.00.G09"))}
    packet = await write(message("document.replaced", data))
    assert packet.business.replacements == (edxml.EdxmlReplacement("old", (ISSUER, "000.00.00.G09")),)


async def test_a_character_that_xml_does_not_have_is_a_fault_and_no_crash():
    out = message("document.issued", {**document_data(), "subject": "a\x01b"})
    packet = await edoc.from_canonical(out, (), MemoryBlobs())
    with pytest.raises(InvalidMessageError):
        await edoc.encode(packet)


async def test_a_packet_is_checked_as_its_receiver_will_check_it():
    packet = edxml.EdxmlStatus(edxml.EdxmlOrgan(HOME), edxml.EdxmlResponseFor(ISSUER, document_id="d"), "77")
    with pytest.raises(InvalidMessageError, match="StatusCode"):
        await edoc.encode(packet)


async def test_a_large_packet_is_worked_on_beside_the_loop_with_the_same_result():
    blobs = MemoryBlobs()
    content = random.Random(34).randbytes(1_000_000)
    raw = document_xml(attachments=(("a.bin", content),))
    first = await edoc.to_canonical(await edoc.read(raw), edoc.Source("axis", START), blobs)
    packet = await write(first, blobs=blobs)
    assert packet.attachments[0].content.read() == content


async def test_the_faults_of_a_large_packet_are_reported_too():
    with pytest.raises(InvalidMessageError):
        await edoc.read(b"<edXML>" + b"x" * 300_000)
