"""The schemas with their versions and differences, and a form for a message of each, begun from a sample or from one that flowed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import quote

from pydantic import JsonValue
from pydantic_core import from_json
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.console.fields import Field, fields_of
from lgsp.console.pages.lab import LAB_TABS
from lgsp.console.wording import as_json
from lgsp.contracts import compare
from lgsp.errors import Fault, InvalidMessageError, LgspError, NotFoundError
from lgsp.gateway.lab import (
    Filling,
    Order,
    Sample,
    orders_of,
    sample_of,
    samples_of,
    send,
    send_sample,
    stored,
)
from lgsp.message import Message
from lgsp.store import MessageQuery

__all__ = ["routes"]

_ATTRIBUTES = ("subject", "sender", "recipients")


def routes(console: Console) -> list[BaseRoute]:
    """`/console/schemas`, and the gallery of samples, whose forms these are."""
    show = partial(_show, console)
    return [
        Route("/schemas", partial(_listing, console)),
        Route("/schemas/{kind}/{version:int}", show, methods=["GET", "POST"]),
        Route("/lab/samples", partial(_gallery, console)),
    ]


@dataclass(frozen=True, slots=True)
class _Form:
    """What stands in the form: texts by field, attributes under `@name`; and what is wrong with them."""

    given: Mapping[str, str]
    sample: Sample | None = None
    filling: Filling | None = None
    faults: Sequence[Fault] = ()
    failed: str = ""

    def wrong(self) -> Mapping[str, list[Fault]]:
        """The faults by field; under "" those of no field here."""
        found: dict[str, list[Fault]] = {}
        for fault in self.faults:
            _, first, *rest = (*fault.place.split("/"), "")
            name = rest[0] if first == "data" else f"@{first}"
            found.setdefault(name if name in self.given else "", []).append(fault)
        return found


async def _listing(console: Console, request: Request) -> Response:
    return console.page(request, "schemas.html", names=console.services.schemas.names())


async def _gallery(console: Console, request: Request) -> Response:
    names = console.services.schemas.names()
    kinds = [(kind, samples_of(kind)) for kind in sorted({kind for kind, _ in names})]
    return console.page(
        request, "lab_samples.html", tabs=LAB_TABS, failed="", kinds=[one for one in kinds if one[1]], real=_real(console),
    )  # fmt: skip


def _real(console: Console) -> list[str]:
    """The systems that no stand-in plays: what is sent may reach them, so whoever sends is asked first."""
    played = console.services.stand_ins.urls if console.services.stand_ins else {}
    return [name for name in console.services.systems if name not in played]


async def _show(console: Console, request: Request) -> Response:
    kind, version = request.path_params["kind"], request.path_params["version"]
    schemas = console.services.schemas
    if (kind, version) not in schemas.names():
        raise NotFoundError(f"no schema {kind} {version}", f"Không có lược đồ {kind} {version}.")
    schema = schemas.json_schema(kind, version)
    fields = fields_of(schema)
    if request.method == "POST":
        posted = await _posted(console, request, kind, version, fields)
        if isinstance(posted, Message):
            await stored(console.services, posted.id)
            return console.back_to(f"/console/messages/{quote(posted.id, safe='')}")
        form = posted
    else:
        form = await _begun(console, request, kind, fields)
    versions = [other for name, other in schemas.names() if name == kind]
    earlier = [other for other in versions if other < version]
    return console.page(
        request, "schema.html", kind=kind, version=version, versions=versions, fields=fields, form=form, wrong=form.wrong(),
        samples=samples_of(kind), earlier=earlier, real=_real(console),
        changes=compare(schemas.json_schema(kind, earlier[-1]), schema) if earlier else (),
    )  # fmt: skip


async def _posted(
    console: Console, request: Request, kind: str, version: int, fields: Sequence[Field]
) -> Message | _Form:
    """The message that was sent, or the form again with what is wrong."""
    form = await console.change(request)
    sample = sample_of(str(form["@sample"])) if form.get("@sample") else None
    filling = _filling(console, form)
    if sample is not None and form.get("@as-is"):
        given = _texts(orders_of(sample, filling)[-1], fields)
    else:
        given = {name: str(form.get(name, "")) for name in _names(fields)}
    try:
        order = _order(kind, version, given, fields)
        if sample is None:
            return await send(console.services, order)
        return (await send_sample(console.services, sample, filling, order))[-1]
    except InvalidMessageError as exc:
        return _Form(given, sample, filling, exc.faults)
    except LgspError as exc:
        return _Form(given, sample, filling, failed=console.said(request, exc))


async def _begun(console: Console, request: Request, kind: str, fields: Sequence[Field]) -> _Form:
    """From the sample that the URL names, or the newest message of that kind, or else from the first sample."""
    asked, newest = request.query_params.get("sample", ""), None
    if not asked:
        newest = await _newest(console, kind)
    sample = sample_of(asked) if asked else next(iter(samples_of(kind)), None)
    if sample is not None and sample.kind != kind:
        raise NotFoundError(f"{asked} is no sample of {kind}", f"{asked} không phải mẫu của {kind}.")
    if newest is not None:
        return _Form(_texts(newest, fields))
    if sample is None:
        return _Form(dict.fromkeys(_names(fields), ""))
    filling = Filling.fresh(console.services.clock.now())
    return _Form(_texts(orders_of(sample, filling)[-1], fields), sample, filling)


async def _newest(console: Console, kind: str) -> Order | None:
    rows = await console.services.store.search(MessageQuery(type=kind, limit=1))
    if not rows:
        return None
    _, body = await console.services.store.find(rows[0].message_id)
    data = body.get("data")
    attributes = {name: str(body.get(name) or "") for name in _ATTRIBUTES}
    return Order(kind=kind, data=data if isinstance(data, dict) else {}, **attributes)


def _filling(console: Console, form: FormData) -> Filling:
    """The one that the form was begun with, so that what goes first has the same number."""
    try:
        return Filling(int(str(form.get("@number", ""))), datetime.fromisoformat(str(form.get("@at", ""))))
    except ValueError:
        return Filling.fresh(console.services.clock.now())


def _names(fields: Sequence[Field]) -> list[str]:
    return [*(f"@{name}" for name in _ATTRIBUTES), *(one.name for one in fields)]


def _texts(order: Order, fields: Sequence[Field]) -> dict[str, str]:
    attributes = {"@subject": order.subject, "@sender": order.sender, "@recipients": order.recipients}
    return attributes | {one.name: _text(order.data.get(one.name)) for one in fields}


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else as_json(value)


def _order(kind: str, version: int, given: Mapping[str, str], fields: Sequence[Field]) -> Order:
    """The form as an order.

    Raises:
        InvalidMessageError: some fields are no JSON.
    """
    data: dict[str, JsonValue] = {}
    faults: list[Fault] = []
    for one in fields:
        text = given[one.name].strip()
        if not text:
            continue
        try:
            data[one.name] = text if one.is_text else from_json(text)
        except ValueError as exc:
            faults.append(
                Fault("schema.json_invalid", f"/data/{one.name}", f"no JSON: {exc}", _no_json(str(exc)))
            )
    if faults:
        raise InvalidMessageError(kind, faults)
    attributes = {name: given[f"@{name}"].strip() for name in _ATTRIBUTES}
    return Order(kind=kind, version=version, data=data, **attributes)


def _no_json(said: str) -> str:
    place = re.search(r"line (\d+) column (\d+)", said)
    return "không phải JSON hợp lệ" + (f" (dòng {place[1]}, cột {place[2]})" if place else "")
