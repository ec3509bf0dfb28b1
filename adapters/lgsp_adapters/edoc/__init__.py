"""edXML <-> the canonical model, for every system whose documents travel as edXML (QCVN 102:2016, QĐ 28/2018)."""

from lgsp_adapters.edoc.packets import Packet, media_type, message_type, safe_name, stored, title
from lgsp_adapters.edoc.reading import read, receive, to_canonical
from lgsp_adapters.edoc.source import Source
from lgsp_adapters.edoc.writing import encode, from_canonical

__all__ = [
    "Packet",
    "Source",
    "encode",
    "from_canonical",
    "media_type",
    "message_type",
    "read",
    "receive",
    "safe_name",
    "stored",
    "title",
    "to_canonical",
]
