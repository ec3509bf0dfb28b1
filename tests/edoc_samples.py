"""edXML packets written by hand (never with edxml.write, which is under test), and the messages beside them."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue

from fakes import START
from lgsp.message import Message

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
ISSUER = "000.00.00.G22"
HOME = "000.00.01.H34"


def _organization(tag: str, organization_id: str) -> str:
    name = f"Cơ quan {organization_id}"
    return (
        f"<e:{tag}><e:OrganId>{organization_id}</e:OrganId><e:OrganizationInCharge>{name}</e:OrganizationInCharge>"
        f"<e:OrganName>{name}</e:OrganName><e:OrganAdd>Hà Nội</e:OrganAdd><e:Email>a@b.vn</e:Email></e:{tag}>"
    )


def replacements_xml(document_id: str, organization_id: str = HOME) -> str:
    return (
        f"<e:ReplacementInfoList><e:ReplacementInfo><e:DocumentId>{document_id}</e:DocumentId><e:OrganIdList>"
        f"<e:OrganId>{organization_id}</e:OrganId></e:OrganIdList></e:ReplacementInfo></e:ReplacementInfoList>"
    )


def business_xml(kind: int, concerns: str, inner: str = "") -> str:
    """The Bussiness (sic) element; a replacement (3) names what it replaces."""
    if kind == 3 and not inner:
        inner = replacements_xml(concerns)
    return (
        f"<e:Bussiness><e:DocumentId>{concerns}</e:DocumentId><e:BussinessDocType>{kind}</e:BussinessDocType>"
        f"<e:BussinessDocReason>Sai sót</e:BussinessDocReason><e:Paper>0</e:Paper>{inner}</e:Bussiness>"
    )


def document_xml(
    *,
    sender: str = ISSUER,
    to: Sequence[str] = (HOME,),
    number: str = "7816",
    document_id: str | None = "",
    business: str = "",
    attachments: Sequence[tuple[str, bytes]] = (("cv.pdf", b"%PDF-1.4 content"),),
) -> bytes:
    """A new-document packet; `document_id` None leaves the element out."""
    code = f"{number}/VPCP-TTĐT"
    identity = f"{sender},2026/11/20,{code}" if document_id == "" else document_id
    references = "".join(
        f"<e:Reference><e:ContentId>cid:{index}</e:ContentId><e:ContentType>application/pdf</e:ContentType>"
        f"<e:Description>{name}</e:Description><e:AttachmentName>{name}</e:AttachmentName></e:Reference>"
        for index, (name, _) in enumerate(attachments)
    )
    encoded = "".join(
        f"<Attachment><ContentType>application/pdf</ContentType><ContentId>cid:{index}</ContentId>"
        f"<Description>{name}</Description><e:ContentTransferEncoded>{base64.b64encode(content).decode()}"
        f"</e:ContentTransferEncoded><AttachmentName>{name}</AttachmentName></Attachment>"
        for index, (name, content) in enumerate(attachments)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="{NAMESPACE}" xmlns:e="{NAMESPACE}"><e:edXMLEnvelope><e:edXMLHeader><e:MessageHeader>
{_organization("From", sender)}{"".join(_organization("To", each) for each in to)}
{f"<e:DocumentId>{identity}</e:DocumentId>" if identity else ""}
<e:Code><e:CodeNumber>{number}</e:CodeNumber><e:CodeNotation>VPCP-TTĐT</e:CodeNotation></e:Code>
<e:PromulgationInfo><e:Place>Hà Nội</e:Place><e:PromulgationDate>2026/11/20</e:PromulgationDate></e:PromulgationInfo>
<e:DocumentType><e:Type>1</e:Type><e:TypeDetail>0</e:TypeDetail><e:TypeName>Công văn</e:TypeName></e:DocumentType>
<e:Subject>V/v kết nối, liên thông</e:Subject><e:Content>Tóm tắt</e:Content>
<e:SignerInfo><e:Competence>TL. BỘ TRƯỞNG</e:Competence><e:Position>Cục trưởng</e:Position>
<e:FullName>Nguyễn Văn A</e:FullName></e:SignerInfo>
<e:DueDate>2026/12/20</e:DueDate>
<e:OtherInfo><e:Priority>1</e:Priority><e:SphereOfPromulgation>Liên thông</e:SphereOfPromulgation>
<e:PromulgationAmount>2</e:PromulgationAmount><e:PageAmount>3</e:PageAmount>
<e:Appendixes><e:Appendix>Phụ lục I</e:Appendix></e:Appendixes></e:OtherInfo>
<e:SteeringType>1</e:SteeringType><e:ToPlaces><e:Place>Các sở</e:Place></e:ToPlaces>
</e:MessageHeader><e:TraceHeaderList><e:TraceHeader><e:OrganId>{sender}</e:OrganId>
<e:Timestamp>2026/11/20 09:00:00</e:Timestamp></e:TraceHeader>{business}</e:TraceHeaderList></e:edXMLHeader>
<e:edXMLBody><e:edXMLManifest version="1.0">{references}</e:edXMLManifest></e:edXMLBody></e:edXMLEnvelope>
<AttachmentEncoded>{encoded}</AttachmentEncoded></edXML>""".encode()


def status_xml(
    *, code: str = "03", reporter: str = HOME, issuer: str = ISSUER, timestamp: str = "2026/11/23 08:00:00"
) -> bytes:
    """A status packet about the default document."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="{NAMESPACE}" xmlns:e="{NAMESPACE}"><e:edXMLEnvelope><e:edXMLHeader><e:MessageHeader>
{_organization("From", reporter)}
<e:ResponseFor><e:OrganId>{issuer}</e:OrganId><e:Code>7816/VPCP-TTĐT</e:Code>
<e:PromulgationDate>2026/11/20</e:PromulgationDate>
<e:DocumentId>{issuer},2026/11/20,7816/VPCP-TTĐT</e:DocumentId></e:ResponseFor>
<e:StaffInfo><e:Department>Văn thư</e:Department><e:Staff>Trần B</e:Staff><e:Mobile>0912000001</e:Mobile>
<e:Email>b@h34.vn</e:Email></e:StaffInfo>
<e:StatusCode>{code}</e:StatusCode><e:Description>Đã vào sổ</e:Description>
<e:Timestamp>{timestamp}</e:Timestamp></e:MessageHeader></e:edXMLHeader></e:edXMLEnvelope></edXML>""".encode()


def organization_data(organization_id: str) -> dict[str, JsonValue]:
    return {"id": organization_id, "name": f"Cơ quan {organization_id}"}


def document_data(
    *, sender: str = HOME, to: Sequence[str] = (ISSUER,), attachments: Sequence[tuple[str, bytes]] = ()
) -> dict[str, JsonValue]:
    """Data of `document.issued`; the attachments' contents must be put into the blob store by the test."""
    return {
        "document_id": f"{sender},2026/11/23,12/UBND-VX",
        "issuer": organization_data(sender),
        "recipients": [organization_data(each) for each in to],
        "code": {"number": "12", "notation": "UBND-VX"},
        "promulgated_on": "2026-11-23",
        "place": "Kon Tum",
        "type_name": "Công văn",
        "subject": "V/v báo cáo",
        "signer": {"competence": "TM.", "position": "Chủ tịch", "name": "Lê C"},
        "due_on": "2026-12-01",
        "priority": 2,
        "attachments": [
            {
                "name": name,
                "media_type": "application/pdf",
                "description": "",
                "blob": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)},
            }
            for name, content in attachments
        ],
    }


def message(kind: str, data: dict[str, JsonValue], *, time: datetime = START) -> Message:
    return Message(
        id=f"m-{kind}",
        source="/systems/ioffice",
        type=f"vn.lgsp.{kind}",
        subject="subject",
        time=time,
        dataschema=f"https://lgsp.vn/schemas/{kind}/1",
        data=data,
    )


def document_message(*, sender: str = HOME, to: Sequence[str] = (ISSUER,)) -> Message:
    """`document.issued` without attachments."""
    return message("document.issued", document_data(sender=sender, to=to))


def status_message(*, reporter: str = HOME, code: str = "03") -> Message:
    """`document.status` about a document of the issuer."""
    data: dict[str, JsonValue] = {
        "reporter": organization_data(reporter),
        "about": {
            "organization_id": ISSUER,
            "code": "7816/VPCP-TTĐT",
            "promulgated_on": "2026-11-20",
            "document_id": f"{ISSUER},2026/11/20,7816/VPCP-TTĐT",
        },
        "status": code,
        "description": "Đã vào sổ",
        "at": START.isoformat(),
        "staff": {"name": "Trần B", "department": "Văn thư"},
    }
    return message("document.status", data)
