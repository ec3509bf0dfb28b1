"""Organizations (cơ quan, đơn vị)."""

from lgsp.model.base import Name, OrganizationId, Strict, Text

__all__ = ["Organization", "Person"]


class Organization(Strict):
    """An agency as a message names it (From, To of edXML)."""

    id: OrganizationId
    name: Name
    in_charge: Text = ""
    address: Text = ""
    email: Text = ""
    telephone: Text = ""
    fax: Text = ""
    website: Text = ""


class Person(Strict):
    """Who did it: a clerk, an officer (StaffInfo, NguoiXuLy)."""

    name: Text = ""
    position: Text = ""
    department: Text = ""
    email: Text = ""
    telephone: Text = ""
