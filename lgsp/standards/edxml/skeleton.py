"""Cuts the encoded files out of a packet, so that the XML parser only sees what is left: memory does not grow with the attachments.

What is cut is exactly the text between the start tag of a `ContentTransferEncoded` and the next `<`, which no other markup can be
part of. A short marker takes its place; line ends are kept within the end tag, so that every fault still names its line.
"""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from lgsp.errors import Fault, InvalidMessageError
from lgsp.standards.content import Content

__all__ = ["MAX_SKELETON_BYTES", "Cut", "Skeleton", "cut"]

MAX_SKELETON_BYTES = 16 * 1024 * 1024
MAX_CUTS = 1000
_MAX_MARKUP = 200_000
_MAX_KEPT_LINES = 4_000_000
_LONGEST_TAG = 65_536
_LONGEST_BEGINNING = 9
# Raw `<` stands in no attribute of well-formed XML, so that whatever looks like one of these is one of these.
_BEGINS = re.compile(
    rb"<!--|<!\[CDATA\[|<\?|<!|<(?:[^\s<>/:!?]+:)?(?i:ContentTransferEncoded)(?=[\s>])(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+>"
)
_ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a file's text lies in the packet, from `start` to before `end`."""

    marker: str
    source: Content
    start: int
    end: int

    def chunks(self) -> Iterator[bytes]:
        """The text as it stands there."""
        return self.source.chunks(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The packet without its files' texts."""

    xml: bytes
    cuts: tuple[Cut, ...]


def cut(source: Content) -> Skeleton:
    """Take a packet apart.

    Raises:
        InvalidMessageError: a DTD, markup that never ends, or too much beside the files.
    """
    scanner = _Scanner(source)
    for chunk in source.chunks():
        scanner.feed(chunk)
    return scanner.finish()


class _Scanner:
    """In one of three states: among markup, within something that ends with `_until`, or in a text that is cut out."""

    def __init__(self, source: Content) -> None:
        self._source = source
        self._token = secrets.token_hex(6)
        self._buffer = b""
        self._at = 0
        self._offset = 0
        self._found = 0
        self._kept = bytearray()
        self._cuts: list[Cut] = []
        self._until = b""
        self._cut_from: int | None = None
        self._lines = 0

    def feed(self, chunk: bytes) -> None:
        # What was dealt with is let go once a chunk: to do so at each step would copy the rest as often.
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        while self._step():
            pass
        if len(self._kept) + len(self._buffer) - self._at > MAX_SKELETON_BYTES + _MAX_KEPT_LINES:
            detail = f"more than {MAX_SKELETON_BYTES} bytes beside the attachments' content"
            raise _refused(
                "xml.too_large", detail, f"quá {MAX_SKELETON_BYTES} byte ngoài nội dung tệp đính kèm"
            )

    def finish(self) -> Skeleton:
        # A text that never ends is no file; its line ends still count for what is said of the place.
        lines = b"\n" * min(self._lines, _MAX_KEPT_LINES)
        return Skeleton(bytes(self._kept) + self._buffer[self._at :] + lines, tuple(self._cuts))

    def _step(self) -> bool:
        """Deal with what is at the front of the buffer; false where more has to come first."""
        if self._cut_from is not None:
            return self._cut(self._cut_from)
        if self._until:
            return self._skip()
        if self._lines and not self._end_tag():
            return False
        return self._among_markup()

    def _among_markup(self) -> bool:
        found = _BEGINS.search(self._buffer, self._at)
        if found is None:
            # What may be the beginning of something is looked at again when more has come.
            last = self._buffer.rfind(b"<", self._at)
            is_open = last >= 0 and len(self._buffer) - last < _LONGEST_TAG
            self._keep(last if is_open else len(self._buffer))
            return False
        self._found += 1
        if self._found > _MAX_MARKUP:
            detail = f"more than {_MAX_MARKUP} comments, CDATA sections and processing instructions"
            raise _refused("xml.too_many", detail, f"quá {_MAX_MARKUP} chú thích, CDATA và chỉ thị xử lý")
        return self._begun(found)

    def _begun(self, found: re.Match[bytes]) -> bool:
        begun = found.group()
        if begun == b"<!":
            if found.end() + _LONGEST_BEGINNING > len(self._buffer) and _may_become(
                self._buffer[found.start() :]
            ):
                self._keep(found.start())
                return False
            raise _refused(
                "xml.doctype",
                "a DTD or entity declaration is not accepted; remove it",
                "không chấp nhận DTD; hãy bỏ đi",
            )
        if len(begun) >= _LONGEST_TAG:
            # Where the chunks end must not decide whether such a tag is recognized.
            detail = f"a tag is longer than {_LONGEST_TAG} bytes"
            raise _refused("xml.too_long", detail, f"thẻ dài quá {_LONGEST_TAG} byte")
        self._keep(found.end())
        self._until = _ENDS.get(begun, b"")
        if not self._until and not begun.endswith(b"/>"):
            self._cut_from = self._offset
        return True

    def _skip(self) -> bool:
        end = self._buffer.find(self._until, self._at)
        if end < 0:
            self._keep(max(self._at, len(self._buffer) - len(self._until)))
            return False
        self._keep(end + len(self._until))
        self._until = b""
        return True

    def _cut(self, start: int) -> bool:
        end = self._buffer.find(b"<", self._at)
        stop = end if end >= 0 else len(self._buffer)
        self._lines += self._buffer.count(b"\n", self._at, stop)
        self._offset += stop - self._at
        self._at = stop
        if end < 0:
            return False
        if len(self._cuts) >= MAX_CUTS:
            detail = f"more than {MAX_CUTS} attachments"
            raise _refused("edxml.too_many_files", detail, f"quá {MAX_CUTS} tệp đính kèm")
        # Itself valid base64, so that the XSD is content with it.
        found = Cut(f"Cut0{self._token}{len(self._cuts):04}", self._source, start, self._offset)
        self._cuts.append(found)
        self._kept += found.marker.encode()
        self._cut_from = None
        return True

    def _end_tag(self) -> bool:
        """Put the line ends of what was cut into the end tag behind it, or whatever else has room for them."""
        end = self._buffer.find(b">", self._at, self._at + _LONGEST_TAG)
        if end < 0 and len(self._buffer) - self._at < _LONGEST_TAG:
            return False
        if end >= 0 and self._buffer.startswith(b"</", self._at):
            self._keep(end)
            self._kept += b"\n" * min(self._lines, _MAX_KEPT_LINES)
        self._lines = 0
        return True

    def _keep(self, until: int) -> None:
        """Keep the buffer from where it was dealt with up to there."""
        self._kept += memoryview(self._buffer)[self._at : until]
        self._offset += until - self._at
        self._at = until


def _may_become(beginning: bytes) -> bool:
    """Whether `<!…`, cut off by the end of a chunk, may still turn out to be a comment or CDATA."""
    return any(whole.startswith(beginning) for whole in _ENDS)


def _refused(code: str, message: str, message_vi: str) -> InvalidMessageError:
    return InvalidMessageError("edXML", [Fault(code, "/", message, message_vi)])
