"""Adapter of VNPT-iGate (một cửa điện tử)."""

from lgsp_adapters.igate.adapter import IGateAdapter

__all__ = ["IGateAdapter"]
