"""What was promised, what arrived, and the judgement."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["History", "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """All of the first three must be empty wherever docs/guarantees.md promises it; `repeats` counts calls made again with the same key."""

    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    overtaken: tuple[str, ...]
    repeats: int
    delivered: int

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.overtaken)


@dataclass
class History:
    """Accepted messages by subject, in the order of their publishing."""

    accepted: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def poison(self) -> list[str]:
        """What the receiving system refuses for good: each must be a dead letter in the end."""
        return [one for subject, ids in self.accepted.items() if subject.startswith("poison") for one in ids]

    def count(self) -> int:
        """How many the bus has accepted."""
        return sum(map(len, self.accepted.values()))

    def judge(self, effects: Path) -> Verdict:
        """Compare with what the receiving system wrote down.

        The system is idempotent by key, as docs/guarantees.md asks of it: a call that is made again with the same key has no effect.
        """
        seen: dict[str, str] = {}
        arrived: dict[str, list[str]] = defaultdict(list)
        doubled, repeats = set(), 0
        lines = effects.read_text().splitlines() if effects.exists() else []
        for line in lines:
            subject, message_id, key = line.split("\t")
            if message_id not in seen:
                seen[message_id] = key
                arrived[subject].append(message_id)
            elif seen[message_id] == key:
                repeats += 1
            else:
                doubled.add(message_id)
        lost = tuple(
            one
            for ids in self.accepted.values()
            for one in ids
            if one not in seen and not one.startswith("poison")
        )
        overtaken = []
        for subject, ids in self.accepted.items():
            wanted = [one for one in ids if one in seen]
            ours = set(ids)
            found = [one for one in arrived[subject] if one in ours]
            overtaken += [one for one, other in zip(wanted, found, strict=True) if one != other][:1]
        return Verdict(lost, tuple(doubled), tuple(overtaken), repeats, len(seen))

    def missing(self, effects: Path) -> int:
        """How many are still to come."""
        return len(self.judge(effects).lost)
