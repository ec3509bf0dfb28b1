"""Schema registry: which data a message of a type and version must carry."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import BaseModel, JsonValue, ValidationError

from lgsp.errors import Fault, InvalidMessageError, NotFoundError
from lgsp.message import Message, faults_of, type_name
from lgsp.model.document import Document, DocumentChange, DocumentStatus
from lgsp.model.dossier import (
    DossierProgressed,
    DossierRequest,
    DossierResolved,
    DossierSubmitted,
    DossierSynchronized,
)
from lgsp.model.procedure import Procedure
from lgsp.model.result import ResultIssued, ResultRequested

__all__ = ["CANONICAL", "SchemaRegistry", "dataschema"]

_ROOT = "https://lgsp.vn/schemas/"

CANONICAL: Mapping[tuple[str, int], type[BaseModel]] = MappingProxyType(
    {
        ("document.issued", 1): Document,
        ("document.status", 1): DocumentStatus,
        ("document.recalled", 1): DocumentChange,
        ("document.updated", 1): DocumentChange,
        ("document.replaced", 1): DocumentChange,
        ("dossier.submitted", 1): DossierSubmitted,
        ("dossier.synchronized", 1): DossierSynchronized,
        ("dossier.progressed", 1): DossierProgressed,
        ("dossier.supplement_requested", 1): DossierRequest,
        ("dossier.supplemented", 1): DossierRequest,
        ("dossier.fee_requested", 1): DossierRequest,
        ("dossier.fee_paid", 1): DossierRequest,
        ("dossier.withdrawn", 1): DossierRequest,
        ("dossier.resolved", 1): DossierResolved,
        ("procedure.published", 1): Procedure,
        ("result.requested", 1): ResultRequested,
        ("result.issued", 1): ResultIssued,
    }
)
"""(kind, version) -> model of the data."""


def dataschema(kind: str, version: int = 1) -> str:
    """The attribute that names the data's schema: `https://lgsp.vn/schemas/document.issued/1`."""
    return f"{_ROOT}{kind}/{version}"


class SchemaRegistry:
    """Checks messages against the canonical model; more types can be given by argument."""

    def __init__(self, models: Mapping[tuple[str, int], type[BaseModel]] = CANONICAL) -> None:
        self._models = dict(models)
        self._kinds = frozenset(kind for kind, _ in self._models)
        self._dataschemas: dict[str, tuple[str, ...]] = {}
        self._named: dict[tuple[str, str], type[BaseModel]] = {}
        for kind, version in sorted(self._models):
            name = dataschema(kind, version)
            self._dataschemas[kind] = (*self._dataschemas.get(kind, ()), name)
            self._named[type_name(kind), name] = self._models[kind, version]

    def names(self) -> tuple[tuple[str, int], ...]:
        """Every (kind, version), sorted."""
        return tuple(sorted(self._models))

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind, whatever its version."""
        return self._kinds

    def model(self, kind: str, version: int) -> type[BaseModel]:
        """The model of that data.

        Raises:
            NotFoundError: nothing is registered under that name.
        """
        try:
            return self._models[kind, version]
        except KeyError as exc:
            known = [str(number) for name, number in self.names() if name == kind]
            hint = (
                f"known versions: {', '.join(known)}"
                if known
                else f"known kinds: {', '.join(sorted(self.kinds))}"
            )
            raise NotFoundError(f"no schema {kind}/{version}; {hint}") from exc

    def json_schema(self, kind: str, version: int) -> dict[str, JsonValue]:
        """JSON Schema (2020-12) of the data.

        Raises:
            NotFoundError: nothing is registered under that name.
        """
        head: dict[str, JsonValue] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": dataschema(kind, version),
        }
        return head | self.model(kind, version).model_json_schema()

    def check(self, message: Message) -> None:
        """Nothing, when the data fits the type and version that the envelope names.

        Raises:
            InvalidMessageError: every fault by JSON Pointer (`/data/…`, `/dataschema`).
        """
        faults: list[Fault] = []
        model = self._named.get((message.type, message.dataschema))
        if model is None:
            faults = self._envelope_faults(message)
            model = self._models.get((message.kind, message.version))
        if model is not None:
            try:
                model.model_validate(message.data)
            except ValidationError as exc:
                faults += _without_echoes(faults_of(exc, "/data"))
        if faults:
            raise InvalidMessageError(f"{message.kind} {message.id}", faults)

    def _envelope_faults(self, message: Message) -> list[Fault]:
        if message.kind not in self.kinds:
            known = ", ".join(sorted(self.kinds))
            return [
                Fault(
                    "schema.unknown_type",
                    "/type",
                    f"unknown type {message.type}; known: {known}",
                    f"loại bản tin {message.type} chưa được đăng ký",
                )
            ]
        wanted = " or ".join(self._dataschemas[message.kind])
        return [
            Fault(
                "schema.wrong_dataschema",
                "/dataschema",
                f"{message.dataschema!r} is not the schema of {message.type}; use {wanted}",
                f"dataschema không khớp với loại bản tin; hãy dùng {wanted}",
            )
        ]


def _without_echoes(faults: list[Fault]) -> list[Fault]:
    """A list whose items are wrong counts as too short for pydantic; the items' own faults say it better."""
    places = [fault.place for fault in faults]
    return [
        fault
        for fault in faults
        if fault.code != "schema.too_short"
        or not any(place.startswith(f"{fault.place}/") for place in places)
    ]
