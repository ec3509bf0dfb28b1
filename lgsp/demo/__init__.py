"""The demo: a province whose documents and dossiers flow, played over real HTTP and told in one table."""

from lgsp.demo.run import run_demo

__all__ = ["run_demo"]
