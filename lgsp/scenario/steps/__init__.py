"""Every step there is, by what it is about."""

from lgsp.scenario.steps import bus, documents, dossiers, expectations, faults, time
from lgsp.scenario.vocabulary import Step

__all__ = ["GROUPS"]

GROUPS: dict[tuple[str, str], tuple[Step, ...]] = {
    ("Documents", "Văn bản"): documents.STEPS,
    ("Dossiers", "Hồ sơ"): dossiers.STEPS,
    ("The bus", "Trục LGSP"): bus.STEPS,
    ("Faults", "Sự cố"): faults.STEPS,
    ("Time", "Thời gian"): time.STEPS,
    ("Expectations", "Yêu cầu và trả lời"): expectations.STEPS,
}
