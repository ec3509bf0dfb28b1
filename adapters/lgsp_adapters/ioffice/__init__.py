"""VNPT-iOffice (QLVB&ĐH): a VXP server for its documents, a client of its one-stop link."""

from lgsp_adapters.ioffice.adapter import IOfficeAdapter

__all__ = ["IOfficeAdapter"]
