"""Signatures of documents: XML signatures of packets here, PDF signatures in `.pdf` (imported by name: it is slow to load)."""

from lgsp.standards.signatures.folder import TrustFolder
from lgsp.standards.signatures.model import SignatureState, SigningKey, Verdict
from lgsp.standards.signatures.trust import TrustStore, organization_of
from lgsp.standards.signatures.xmldsig import Contents, sign_xml, verify_xml

__all__ = [
    "Contents",
    "SignatureState",
    "SigningKey",
    "TrustFolder",
    "TrustStore",
    "Verdict",
    "organization_of",
    "sign_xml",
    "verify_xml",
]
