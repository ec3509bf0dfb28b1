"""The kit: what gives every stand-in the same shape, control API, faults, journal and seed."""

from lgsp_mocks.kit.app import create_app
from lgsp_mocks.kit.files import Files
from lgsp_mocks.kit.population import Agency, Citizen, Population, Procedure, population
from lgsp_mocks.kit.standin import Context, Difference, Parts, StandIn, Wording
from lgsp_mocks.kit.state import Record, State, Table

__all__ = [
    "Agency",
    "Citizen",
    "Context",
    "Difference",
    "Files",
    "Parts",
    "Population",
    "Procedure",
    "Record",
    "StandIn",
    "State",
    "Table",
    "Wording",
    "create_app",
    "population",
]
