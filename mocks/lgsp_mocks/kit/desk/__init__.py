"""Document desks (văn thư) of any agency: the same for the province's iOffice and for the agencies outside."""

from lgsp_mocks.kit.desk.book import Book, Packet
from lgsp_mocks.kit.desk.issuing import Issuing
from lgsp_mocks.kit.desk.receiving import Receiving
from lgsp_mocks.kit.desk.routes import desk_router

__all__ = ["Book", "Issuing", "Packet", "Receiving", "desk_router"]
