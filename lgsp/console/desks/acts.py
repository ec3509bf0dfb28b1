"""What a user of each system does there, as forms; the fixed list of what the console may ask of a stand-in."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue
from starlette.datastructures import FormData, UploadFile

__all__ = ["ACTS", "Act", "Place", "body_of"]

Kind = Literal["text", "list", "area", "files", "state"]
MAX_FILE_BYTES = 500 * 1024
"""Of a file that a person attaches on a page."""


class TooLargeError(Exception):
    """The file of that name is larger than `limit` bytes."""

    limit = MAX_FILE_BYTES


@dataclass(frozen=True, slots=True)
class Place:
    """A field of a form, under the name that the stand-in gives it; `value` is written into it beforehand."""

    name: str
    kind: Kind = "text"
    value: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Act:
    """`/__mock__/act/<name>`; `about` is the field that names a document or dossier which is there already."""

    name: str
    places: tuple[Place, ...]
    about: str = ""


PROVINCE, MINISTRY, PROCEDURE = "000.00.00.H34", "000.00.00.G22", "1.000001.000.00.00.H34"
_FILES = Place("attachments", "files", required=False)
_PAPERS = Place("documents", "files", required=False)
_CONTENT = Place("content", "area", required=False)


def _issue(name: str, sender: str, receivers: str, subject: str) -> Act:
    places = (
        Place("from", value=sender),
        Place("to", "list", receivers),
        Place("subject", "area", subject),
        _FILES,
    )
    return Act(name, places)


def _about(name: str, key: str, *more: Place) -> Act:
    return Act(name, (Place(key), *more), key)


_REASON = Place("reason", "area")
_SUBMIT = (Place("procedure", value=PROCEDURE), Place("abstract", "area", required=False), _PAPERS)
ACTS: Mapping[str, tuple[Act, ...]] = {
    "ioffice": (
        _issue("issue-document", PROVINCE, MINISTRY, "V/v thử gửi văn bản"),
        _about("recall-document", "document_id", _REASON),
    ),
    "axis": (
        _issue("send-document", MINISTRY, PROVINCE, "V/v đề nghị báo cáo"),
        _about("recall-document", "document_id", _REASON),
    ),
    "igate": (
        Act("receive-at-counter", _SUBMIT),
        _about("move", "code", Place("to", "state"), _CONTENT),
        _about("supplement", "code", _CONTENT, _PAPERS),
        _about("pay", "code", _CONTENT),
        _about("withdraw", "code", _CONTENT),
    ),
    "portal": (
        Act("submit-dossier", _SUBMIT),
        _about("supplement", "national_code", _CONTENT, _PAPERS),
        _about("pay", "national_code", _CONTENT),
        _about("withdraw", "national_code", _CONTENT),
    ),
}


async def body_of(act: Act, form: FormData) -> dict[str, JsonValue]:
    """The form as the stand-in takes it; what was left empty is left out.

    Raises:
        TooLargeError: a file is.
    """
    body: dict[str, JsonValue] = {}
    for place in act.places:
        if place.kind == "files":
            files = [one for one in form.getlist(place.name) if isinstance(one, UploadFile) and one.filename]
            body[place.name] = [await _attached(one) for one in files]
            continue
        text = str(form.get(place.name, "")).strip()
        if place.kind == "list":
            body[place.name] = [part for part in text.replace(",", " ").split() if part]
        elif text:
            body[place.name] = text
    return body


async def _attached(file: UploadFile) -> JsonValue:
    content = await file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise TooLargeError(file.filename)
    name = (file.filename or "file").replace("\\", "/").rpartition("/")[2]
    return {"name": name, "content_base64": base64.b64encode(content).decode()}
