"""What may stand in a `Signature`: this and nothing else.

What is in there is not covered by the signature's own digest, so a reader must never meet anything in it that was not judged here.
"""

from collections import Counter

from lgsp.standards.signatures.model import Reason
from lgsp.standards.xml import Element, local_name

__all__ = ["MAX_TEXT", "ProfileError", "check"]

MAX_TEXT = 16 * 1024
_CHILDREN = {
    "Signature": ["SignedInfo", "SignatureValue", "KeyInfo"],
    "SignedInfo": ["CanonicalizationMethod", "SignatureMethod", "Reference"],
    "Reference": ["Transforms", "DigestMethod", "DigestValue"],
    "Transforms": ["Transform", "Transform"],
    "KeyInfo": ["X509Data"],
    "X509IssuerSerial": ["X509IssuerName", "X509SerialNumber"],
}
_X509_DATA = {"X509Certificate", "X509SubjectName", "X509IssuerSerial", "X509SKI"}
_ATTRIBUTES = {
    "Signature": {"Id"},
    "SignedInfo": {"Id"},
    "SignatureValue": {"Id"},
    "KeyInfo": {"Id"},
    "Reference": {"Id", "URI"},
    "CanonicalizationMethod": {"Algorithm"},
    "SignatureMethod": {"Algorithm"},
    "DigestMethod": {"Algorithm"},
    "Transform": {"Algorithm"},
}
_NONE: frozenset[str] = frozenset()
_TEXTS = {
    "SignatureValue",
    "DigestValue",
    "X509Certificate",
    "X509SubjectName",
    "X509SKI",
    "X509IssuerName",
    "X509SerialNumber",
}


class ProfileError(Exception):
    """The signature has another shape; `reason` says what of it."""

    def __init__(self, en: str, vi: str) -> None:
        super().__init__(en)
        self.reason = Reason(en, vi)


def check(signature: Element) -> None:
    """Judge every element, attribute and text below a Signature, and itself.

    Raises:
        ProfileError: one of them does not belong there.
    """
    space = str(signature.tag).rpartition("}")[0] + "}"
    for element in signature.iter():
        tag = str(element.tag)
        name = tag[len(space) :]
        if not tag.startswith(space) or "}" in name:
            name = local_name(element)
            raise ProfileError(
                f"{name or 'a comment'} is not allowed in a signature",
                f"{name or 'chú thích'} không được phép có trong chữ ký",
            )
        _check_children(element, name)
        _check_values(element, name, element.tail if element is not signature else None)


def _check_children(element: Element, name: str) -> None:
    if len(element) == 0 and name in _TEXTS:
        return
    children = [local_name(child) for child in element]
    if name == "X509Data":
        counts = Counter(children)
        once = all(counts[kind] <= 1 for kind in _X509_DATA - {"X509Certificate"})
        if once and counts.keys() <= _X509_DATA:
            return
    elif children == _CHILDREN.get(name, []):
        return
    allowed = sorted(_X509_DATA) if name == "X509Data" else _CHILDREN.get(name, [])
    found, wanted = (", ".join(names) or "-" for names in (children[:9], allowed))
    raise ProfileError(
        f"{name} holds {found}; allowed is {wanted}", f"{name} chứa {found}; chỉ được chứa {wanted}"
    )


def _check_values(element: Element, name: str, tail: str | None) -> None:
    if not _ATTRIBUTES.get(name, _NONE).issuperset(map(str, element.keys())):
        raise ProfileError(
            f"{name} has an attribute that is not allowed", f"{name} có thuộc tính không được phép"
        )
    text = element.text or ""
    if (tail or "").strip() or (text.strip() and name not in _TEXTS):
        raise ProfileError(f"text where none belongs, at {name}", f"có chữ không đúng chỗ tại {name}")
    if len(text) > MAX_TEXT:
        raise ProfileError(f"{name} is too long", f"{name} quá dài")
