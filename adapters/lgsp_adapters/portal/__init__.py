"""Adapter of the national public-service portal (Cổng DVCQG)."""

from lgsp_adapters.portal.adapter import PortalAdapter

__all__ = ["PortalAdapter"]
