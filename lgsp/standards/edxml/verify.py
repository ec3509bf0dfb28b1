"""Judging the signature of a packet as it came; its files are digested where they lie."""

from datetime import datetime

from lgsp.standards import xml
from lgsp.standards.content import Content
from lgsp.standards.edxml.skeleton import cut
from lgsp.standards.signatures import TrustStore, Verdict, verify_xml

__all__ = ["verify"]


def verify(source: Content, trust: TrustStore, at: datetime, expected_organization: str) -> Verdict:
    """Whether the packet is whole and signed by that organization, by somebody's word whom we trust at that moment.

    Raises:
        InvalidMessageError: it is no XML.
    """
    skeleton = cut(source)
    contents = {each.marker: each.chunks for each in skeleton.cuts}
    return verify_xml(xml.parse(skeleton.xml), trust, contents, at, expected_organization)
