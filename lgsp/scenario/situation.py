"""What a scenario has done so far: `the document` and `the dossier` of its next steps; what is to be undone at its end."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Literal

from lgsp.scenario.reading import Line
from lgsp.scenario.world import NotSoError, Record, World

__all__ = ["Situation"]

_VIETNAMESE = {"document": "văn bản", "dossier": "hồ sơ", "document or dossier": "văn bản hoặc hồ sơ"}


@dataclass
class Situation:
    """One scenario's. `key` is the business key of what it was last about; `reply`: what the bus last answered to a hand-made call.

    `notes` belongs to one's own steps: what one of them leaves there for the next. `undo` runs at the end, also of a failed scenario.
    """

    world: World
    line: Line = field(default_factory=lambda: Line(0, "", ""))
    key: str = ""
    sender: str = ""
    issued_at: str = ""
    reply: Record | None = None
    fault: tuple[str, str] | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    undo: AsyncExitStack = field(default_factory=AsyncExitStack)

    def rows(self) -> list[Mapping[str, str]]:
        """The table below the step, by the names in its first row."""
        head, *rows = self.line.table or ((),)
        return [dict(zip(head, row, strict=True)) for row in rows]

    def about(self, what: Literal["document", "dossier", "document or dossier"]) -> str:
        """The key of what the scenario is about.

        Raises:
            NotSoError: no step has made one yet.
        """
        if not self.key:
            raise NotSoError(
                f"no {what} yet: a step before this one must send or submit one",
                f"chưa có {_VIETNAMESE[what]}: một bước trước đó phải gửi hoặc nộp",
            )
        return self.key
