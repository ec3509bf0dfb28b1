"""Which subjects of an endpoint are held back by a retry, and until when."""

from heapq import heappop, heappush

__all__ = ["Held"]


class Held:
    """Times are milliseconds of the bus's clock."""

    def __init__(self) -> None:
        self._until: dict[str, int] = {}
        self._next: list[tuple[int, str]] = []
        self._latest_ms = 0

    def __contains__(self, subject: str) -> bool:
        return subject in self._until

    def until(self, subject: str) -> int:
        """When it is due; KeyError where it is not held."""
        return self._until[subject]

    def hold(self, subject: str, due_ms: int) -> None:
        """Hold it until then, whatever was said before."""
        self._until[subject] = due_ms
        heappush(self._next, (due_ms, subject))

    def release(self, subject: str) -> None:
        """It is held no more."""
        del self._until[subject]

    def due(self, now_ms: int) -> list[str]:
        """All that are due."""
        return [subject for subject, due_ms in self._until.items() if due_ms <= now_ms]

    def come_due(self, now_ms: int) -> list[str]:
        """Those that have come due since this was asked last.

        Where the clock was set back, what is due comes with it, or a retry would wait for as long again.
        """
        back_ms = self._latest_ms - now_ms
        self._latest_ms = now_ms
        if back_ms > 0:
            self._until = {subject: due_ms - back_ms for subject, due_ms in self._until.items()}
            self._next = [(due_ms - back_ms, subject) for due_ms, subject in self._next]
        found = []
        while self._next and self._next[0][0] <= now_ms:
            due_ms, subject = heappop(self._next)
            if self._until.get(subject) == due_ms:
                found.append(subject)
        return found

    def next_ms(self) -> int | None:
        """When to ask again, at the latest; None where nothing is held."""
        return self._next[0][0] if self._next else None
