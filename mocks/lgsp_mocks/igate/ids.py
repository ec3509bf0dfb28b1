"""iGate's ids of what has a code: one for each, always the same, 24 hexadecimal digits as MongoDB writes them."""

import hashlib
from functools import lru_cache

from lgsp_mocks.kit import Agency, Context

__all__ = ["Units", "object_id"]


@lru_cache(maxsize=4096)
def object_id(kind: str, code: str) -> str:
    """Of a procedure, a sector, an agency, a form."""
    return hashlib.sha256(f"{kind}:{code}".encode()).hexdigest()[:24]


class Units:
    """The province's agencies, by id or by either of their codes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._codes = {object_id("agency", one.id): one.id for one in context.population.provincial()}

    def find(self, id_or_code: str) -> Agency | None:
        """None for one that is not of the province."""
        code = self._codes.get(id_or_code.lower(), id_or_code)
        unit = self._context.population.agency(code)
        return unit if unit is not None and unit.province else None
