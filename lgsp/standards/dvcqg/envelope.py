"""What every request of the portal's services has beside its own fields."""

from lgsp.standards.dvcqg.values import Packet, Required, UnitCode

__all__ = ["Envelope"]


class Envelope(Packet):
    """The session of mapi/login, who asks, and what for."""

    session: Required
    madonvi: UnitCode
    service: str
