"""Judging the signature of a packet as it came; its files are digested where they lie."""

from datetime import datetime

from lgsp.standards import xml
from lgsp.standards.content import Content
from lgsp.standards.edxml.skeleton import cut
from lgsp.standards.signatures import SignatureState, TrustStore, Verdict, verify_xml

__all__ = ["verify"]


def verify(source: Content, trust: TrustStore, at: datetime, expected_organization: str) -> Verdict:
    """Whether the packet is whole and signed by that organization, by somebody's word whom we trust at that moment.

    Raises:
        InvalidMessageError: it is no XML.
    """
    skeleton = cut(source)
    if b"<?" in skeleton.xml.lstrip(b"\xef\xbb\xbf \t\r\n")[2:]:
        # The parser drops processing instructions, so that one put in on the way would go unnoticed.
        reason = (
            "a processing instruction in a signed packet",
            "gói tin đã ký có chỉ thị xử lý (processing instruction)",
        )
        return Verdict(SignatureState.INVALID, reason=reason[0], reason_vi=reason[1])
    contents = {each.marker: each.chunks for each in skeleton.cuts}
    return verify_xml(xml.parse(skeleton.xml), trust, contents, at, expected_organization)
