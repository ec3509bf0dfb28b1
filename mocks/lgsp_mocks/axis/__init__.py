"""Stand-in of the national document axis (Trục liên thông văn bản quốc gia)."""

from lgsp_mocks.axis.exchange import Exchange
from lgsp_mocks.axis.people import People
from lgsp_mocks.axis.wire import VxpWire
from lgsp_mocks.kit import Context, Difference, Parts, StandIn

__all__ = ["STAND_IN"]


def _build(context: Context) -> Parts:
    exchange = Exchange(context)
    people = People(context, exchange)
    return Parts([*VxpWire(exchange).routes(), *people.router().routes], exchange.seed, people.tick)


STAND_IN = StandIn(
    name="axis",
    title="National document axis",
    title_vi="Trục liên thông văn bản quốc gia",
    default_port=8103,
    build=_build,
    differences=(
        Difference(
            "error codes",
            "the national axis' own table is not public",
            "the codes of the provincial REST dialect (0, 10, 15, 18-23)",
            "a provincial axis' client",
            "assumed",
        ),
        Difference(
            "HTTP status of errors",
            "unknown",
            "always 200, with ErrorCode in the body",
            "client code reads the body only",
            "assumed",
        ),
        Difference(
            "freshness of the time stamp",
            "unknown",
            "not checked: the real client sets it once per object",
            "recording",
            "recorded",
        ),
        Difference(
            "duplicates",
            "unknown",
            "the same DocumentId, sender, kind and receivers is answered with the first DocId",
            "idempotent receiver",
            "assumed",
        ),
        Difference("time stamps in lists", "format unseen", "yyyy/MM/dd HH:mm:ss", "as in edXML", "assumed"),
        Difference("list length", "no paging on the wire", "the oldest 500", "bounded answers", "assumed"),
        Difference(
            "DocId",
            "unknown form",
            "a counter; .1, .2 … for further receiving systems of one packet",
            "numbers were seen",
            "assumed",
        ),
    ),
)
