"""What other programs build on: schemas and how they change, AsyncAPI, and files of both."""

from lgsp.contracts.asyncapi import as_yaml, asyncapi
from lgsp.contracts.diff import Change, compare, compare_all
from lgsp.contracts.export import export, published, xsds

__all__ = ["Change", "as_yaml", "asyncapi", "compare", "compare_all", "export", "published", "xsds"]
