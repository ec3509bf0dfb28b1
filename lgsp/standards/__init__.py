"""Formats that more than one system shares, each with its own errors and samples."""
