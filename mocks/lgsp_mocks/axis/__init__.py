"""Stand-in of the national document axis (Trục liên thông văn bản quốc gia)."""

from lgsp_mocks.axis.differences import DIFFERENCES
from lgsp_mocks.axis.exchange import Exchange
from lgsp_mocks.axis.people import People
from lgsp_mocks.axis.registration import Registration
from lgsp_mocks.axis.rest import RestWire
from lgsp_mocks.axis.wire import VxpWire
from lgsp_mocks.kit import Context, Parts, StandIn, Wording

__all__ = ["STAND_IN"]


def _build(context: Context) -> Parts:
    exchange = Exchange(context)
    people = People(context, exchange)
    acts = [*people.router().routes, *Registration(exchange).router().routes]
    wires = [*VxpWire(exchange).routes(), *RestWire(context, exchange).routes()]
    return Parts([*wires, *acts], exchange.seed, people.tick, exchange.twice)


STAND_IN = StandIn(
    name="axis",
    title="National document axis",
    title_vi="Trục liên thông văn bản quốc gia",
    default_port=8103,
    build=_build,
    differences=DIFFERENCES,
    wording=Wording(
        sessions=("rest_tokens",),
        code_lists=("getAgenciesList*", "getSynchronizeUnit"),
        code_fields=("code", "code102"),
        packets=True,
        own_closing=True,
    ),
)
