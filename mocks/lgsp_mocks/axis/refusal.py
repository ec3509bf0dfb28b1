"""What the axis does not do, and why, as both of its dialects say it."""

from lgsp.standards.vxp import ErrorCode

__all__ = ["Refusal"]


class Refusal(Exception):  # noqa: N818 - it becomes an answer, not a failure
    """A wire error: code, text, and what was wrong in detail."""

    def __init__(self, code: ErrorCode, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    @property
    def text(self) -> str:
        """ErrorDesc."""
        return f"{self.code.text}: {self.detail}" if self.detail else self.code.text
