"""lgsp stats."""

from datetime import date, timedelta
from typing import Annotated

import typer

from lgsp.cli.common import Gateway, JsonOption, UrlOption, print_json, print_table
from lgsp.cli.trace import rows
from lgsp.clock import SystemClock
from lgsp.errors import ConfigurationError

__all__ = ["stats"]

_COLUMNS = (
    "unit", "field", "carried_over", "received_counter", "received_online", "received_post", "early", "on_time", "late", "returned",
    "pending_in_time", "pending_late",
)  # fmt: skip


def stats(
    start: Annotated[str, typer.Option("--from", help="yyyy-mm-dd; by default the first of the year.")] = "",
    end: Annotated[str, typer.Option("--to", help="yyyy-mm-dd; by default tomorrow.")] = "",
    url: UrlOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Dossiers by unit and field (form 06a): received, resolved early, on time or late, returned, pending."""
    today = SystemClock().now().date()
    first = _day(start, today.replace(month=1, day=1), "--from")
    last = _day(end, today + timedelta(days=1), "--to")
    answer = Gateway(url).ask("GET", "/api/statistics/dossiers", params={"from": str(first), "to": str(last)})
    if json_output:
        print_json(answer)
        return
    total = answer.get("total")
    lines = [*rows(answer, "rows"), (total if isinstance(total, dict) else {}) | {"unit": "Tổng số · total"}]
    print_table(_COLUMNS, ([line.get(column, "") for column in _COLUMNS] for line in lines))


def _day(text: str, default: date, option: str) -> date:
    try:
        return date.fromisoformat(text) if text else default
    except ValueError as exc:
        raise ConfigurationError(f"{option} {text}: a day is written yyyy-mm-dd") from exc
