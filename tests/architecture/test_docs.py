"""The pages that are made from code say what the code says."""

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[2] / "docs"


def test_made_pages_are_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("docs_make", DOCS / "make.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    stale = [name for name, page in make.PAGES.items() if (DOCS / name).read_text(encoding="utf-8") != page()]
    assert stale == [], "run `make docs`"
