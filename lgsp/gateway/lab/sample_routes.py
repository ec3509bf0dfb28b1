"""/api/lab/samples and /api/lab/send: what the gallery has, and sending it, or a message of one's own."""

from fastapi import APIRouter
from pydantic import BaseModel, JsonValue

from lgsp.gateway.lab.samples import Filling, Sample, orders_of, sample_files, sample_of, samples
from lgsp.gateway.lab.sending import Order, asked_for, prepared
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.problems import documented
from lgsp.message import Message

__all__ = ["sample_routes", "send", "send_sample"]


class SampleView(BaseModel):
    """A sample: how it is called, which kind of message it is, and how it ends (`expect`: delivered, dead or refused because of `places`).

    `after`: the sample that is sent before it.
    """

    name: str
    kind: str
    title: str
    title_vi: str
    expect: str
    places: tuple[str, ...]
    after: str

    @classmethod
    def of(cls, one: Sample) -> "SampleView":
        """Without its content."""
        return cls(
            name=one.name, kind=one.kind, title=one.en, title_vi=one.vi, expect=one.expect, places=one.places, after=one.after,
        )  # fmt: skip


class SamplesView(BaseModel):
    """All of them."""

    samples: tuple[SampleView, ...]


class SentView(BaseModel):
    """What was published: the message, and (`before`) what had to go first; follow it at /api/messages/{id}."""

    id: str
    subject: str
    before: tuple[str, ...] = ()

    @classmethod
    def of(cls, sent: list[Message]) -> "SentView":
        """The last one is what was asked for."""
        return cls(id=sent[-1].id, subject=sent[-1].subject, before=tuple(one.id for one in sent[:-1]))


async def send(services: GatewayServices, order: Order) -> Message:
    """Publish a message of one's own.

    Raises:
        InvalidMessageError: it is wrong.
        BackpressureError, ChannelUnavailableError: not now.
    """
    [message] = await prepared(services, [order])
    await services.publisher.publish(message)
    return message


async def send_sample(
    services: GatewayServices, sample: Sample, filling: Filling, own: Order | None = None
) -> list[Message]:
    """Send it, behind what has to go first; `own` is what a person made of it. All are checked before the first is published.

    Raises:
        InvalidMessageError: it is wrong, or one that must be refused.
        TransientError: nobody asked for it.
        BackpressureError, ChannelUnavailableError: not now.
    """
    orders = orders_of(sample, filling)
    if own is not None:
        orders[-1] = own
    messages = await prepared(services, orders, attached=sample_files().values())
    for message in messages[:-1]:
        await services.publisher.publish(message)
    if sample.awaits:
        await asked_for(services, sample.awaits, messages[-1].subject)
    await services.publisher.publish(messages[-1])
    return messages


def sample_routes(services: GatewayServices) -> APIRouter:
    """List, look at, send."""
    routes = APIRouter(responses=documented(404, 422, 429, 502, 503))

    @routes.get("/samples")
    async def listing() -> SamplesView:
        """The gallery."""
        return SamplesView(samples=tuple(SampleView.of(one) for one in samples().values()))

    @routes.get("/samples/{name}")
    async def show(name: str) -> dict[str, JsonValue]:
        """What would be sent: a body for /api/lab/send, with a fresh number and the time of now."""
        order = orders_of(sample_of(name), Filling.fresh(services.clock.now()))[-1]
        return order.model_dump()

    @routes.post("/samples/{name}/send", status_code=202)
    async def send_one(name: str) -> SentView:
        """Send it, behind what has to go first. One that must be refused is refused here, with its faults."""
        filling = Filling.fresh(services.clock.now())
        return SentView.of(await send_sample(services, sample_of(name), filling))

    @routes.post("/send", status_code=202)
    async def send_own(order: Order) -> SentView:
        """Send a message of one's own; the envelope's other attributes are made here."""
        return SentView.of([await send(services, order)])

    return routes
