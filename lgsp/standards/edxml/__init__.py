"""edXML (QCVN 102:2016/BTTTT): documents and statuses, read with every fault and written in the shape that real files have."""

from lgsp.standards.edxml.model import (
    EdxmlAttachment,
    EdxmlBusiness,
    EdxmlDocument,
    EdxmlExtension,
    EdxmlOrgan,
    EdxmlReceiver,
    EdxmlReplacement,
    EdxmlResponseFor,
    EdxmlSigner,
    EdxmlStaff,
    EdxmlStatus,
    EdxmlTrace,
)
from lgsp.standards.edxml.read import check, read
from lgsp.standards.edxml.readable import write_readable
from lgsp.standards.edxml.verify import verify
from lgsp.standards.edxml.write import write, write_content

__all__ = [
    "EdxmlAttachment",
    "EdxmlBusiness",
    "EdxmlDocument",
    "EdxmlExtension",
    "EdxmlOrgan",
    "EdxmlReceiver",
    "EdxmlReplacement",
    "EdxmlResponseFor",
    "EdxmlSigner",
    "EdxmlStaff",
    "EdxmlStatus",
    "EdxmlTrace",
    "check",
    "read",
    "verify",
    "write",
    "write_content",
    "write_readable",
]
