"""Adapters: one module per system, on the contract of `lgsp.adapter`."""
