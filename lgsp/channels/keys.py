"""Every key name. All keys of a partition share its hash tag, so a hop is one atomic script, also on Redis Cluster."""

import hashlib
from dataclasses import dataclass
from zlib import crc32

__all__ = ["Keys"]


@dataclass(frozen=True, slots=True)
class Keys:
    """Names below one prefix; `partitions` is fixed for the life of the data."""

    prefix: str = "lgsp"
    partitions: int = 4

    def partition_of(self, subject: str) -> int:
        """Which partition works this subject; CRC-32, so that every process and restart agrees."""
        return crc32(subject.encode()) % self.partitions

    def _tagged(self, partition: int | str, name: str) -> str:
        return f"{self.prefix}:{{{partition}}}:{name}"

    def inbox(self, partition: int) -> str:
        """Stream of what was accepted and is not yet routed."""
        return self._tagged(partition, "inbox")

    def out(self, partition: int, system: str) -> str:
        """Stream of what waits for delivery to a system."""
        return self._tagged(partition, f"out:{system}")

    def held(self, partition: int, system: str) -> str:
        """Sorted set: subjects that are held back by a retry, by the millisecond at which they are due."""
        return self._tagged(partition, f"held:{system}")

    def parked(self, partition: int, system: str, subject: str) -> str:
        """List of one held subject's messages, in order."""
        return self._tagged(partition, f"parked:{system}:{_digest(subject)}")

    def journal(self, partition: int) -> str:
        """Stream of what happened, on its way to the message store."""
        return self._tagged(partition, "journal")

    def dead(self, partition: int) -> str:
        """Dead letter channel."""
        return self._tagged(partition, "dead")

    def invalid(self, partition: int) -> str:
        """Invalid message channel."""
        return self._tagged(partition, "invalid")

    def seen(self, partition: int) -> str:
        """Idempotent receiver: beginning of the hashes' names, which go on with `:<window>:<bucket>`."""
        return self._tagged(partition, "seen")

    def bodies(self, partition: int) -> str:
        """Large messages: beginning of the names of their hashes, which go on with `:<id>`; see `body`."""
        return self._tagged(partition, "body")

    def body(self, partition: int, kept: str) -> str:
        """Hash: a large message, under the id that it had in the inbox, and who still needs it: `inbox`, `journal`, `out:<system>`."""
        return f"{self.bodies(partition)}:{kept}"

    def lease(self, partition: int | str) -> str:
        """Who works the partition; or the part of that name, of which there is one."""
        return self._tagged(partition, "lease")

    def fence(self, partition: int | str) -> str:
        """Counter of fencing tokens."""
        return self._tagged(partition, "fence")

    def layout(self) -> str:
        """Number of partitions that the data was written with."""
        return f"{self.prefix}:layout"

    def workers(self) -> str:
        """Sorted set of living workers, by the server's millisecond of their last sign of life."""
        return f"{self.prefix}:workers"

    def activity(self) -> str:
        """Stream of what just moved, for those who watch."""
        return f"{self.prefix}:activity"

    def tasks(self) -> str:
        """Sorted set of the tasks over dead letters, by the millisecond of their creation."""
        return f"{self.prefix}:{{tasks}}:all"

    def open_tasks(self) -> str:
        """Set of those that are not over."""
        return f"{self.prefix}:{{tasks}}:open"

    def task(self, task_id: str) -> str:
        """Hash: one task."""
        return f"{self.prefix}:{{tasks}}:task:{task_id}"

    def mailbox(self, system: str, name: str) -> str:
        """A system's mailbox."""
        return f"{self.prefix}:{{mailbox:{system}}}:{name}"

    def offers(self, system: str, name: str) -> str:
        """What a connector may take: its items, when each is visible, verdicts."""
        return f"{self.prefix}:{{inbox:{system}}}:{name}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
