"""lgsp simulate: a year of a province's traffic, in minutes."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from lgsp.cli.common import ConfigOption, JsonOption, print_json, print_table, settings_of
from lgsp.process import configure_log, run
from lgsp.settings import Settings
from lgsp.simulate import Plan, Progress, SinksReport, SystemsReport, through_sinks, through_systems
from lgsp.standards.statistics import Row
from lgsp.verify import Verification

__all__ = ["app"]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def simulate() -> None:
    """A province's traffic on virtual time."""


_ALL, _SENT, _HANDLED = 3_465_891, 144_922, 14_229
"""Documents exchanged in 2019, those that iOffice sent out, and the dossiers of half a year."""


@app.command()
def year(  # noqa: PLR0913, PLR0917 - options of a command
    documents: Annotated[
        int | None,
        typer.Option(min=1, help="Văn bản; by default 3,465,891, over HTTP 144,922 (Kon Tum 2019)."),
    ] = None,
    dossiers: Annotated[
        int | None, typer.Option(min=0, help="Hồ sơ; by default 28,458, over HTTP 14,229.")
    ] = None,
    over_http: Annotated[
        bool, typer.Option("--over-http", help="Through the four stand-ins, in processes of their own.")
    ] = False,
    which: Annotated[int, typer.Option("--year", min=2001, max=2090)] = 2025,
    seed: Annotated[int, typer.Option(help="The same seed gives the same year.")] = 34,
    speed: Annotated[
        float, typer.Option(min=0, help="Times faster than life; 0: as fast as it goes, as always over HTTP.")
    ] = 0.0,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Keep the year here, to look at it with `lgsp up`; else it is forgotten."),
    ] = None,
    config: ConfigOption = None,
    json_output: JsonOption = False,
) -> None:
    """Một năm của một tỉnh: a year through a bus of its own, with systems that only count. Ends with 1 if a count does not add up."""
    papers = documents or (_SENT if over_http else _ALL)
    handed_in = dossiers if dossiers is not None else _HANDLED if over_http else 2 * _HANDLED
    plan = Plan(which, papers, handed_in, seed, speed, over_http)
    configure_log("error" if over_http else "warning")
    with _folder(data_dir) as folder:
        settings = settings_of(config).model_copy(update={"data_dir": folder})
        report = _lived(settings, plan, quiet=json_output)
    if json_output:
        print_json(_facts(report))
    else:
        _print(report)
    raise typer.Exit(1 if report.disagreements else 0)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="lgsp-year-") as made:
        yield Path(made)


def _lived(settings: Settings, plan: Plan, *, quiet: bool) -> SinksReport | SystemsReport:
    columns = (
        TextColumn("{task.fields[day]}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[waiting]}"), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    found: list[SinksReport | SystemsReport] = []
    with Bar(*columns, console=Console(stderr=True), disable=quiet or not sys.stderr.isatty()) as bar:
        # In sinks a dossier is about four messages.
        total = plan.documents + (1 if plan.out_only else 4) * plan.dossiers
        task = bar.add_task("", total=total, day="", rate="", waiting="")

        def told(now: Progress) -> None:
            rate = f"{bar.tasks[0].speed or 0:,.0f}/s"
            waiting = f"đang chờ · waiting {now.waiting:,}"
            bar.update(
                task, completed=now.delivered, day=f"{now.moment:%Y-%m-%d}", rate=rate, waiting=waiting
            )

        async def work() -> int:
            live = through_systems if plan.out_only else through_sinks
            found.append(await live(settings, plan, told))
            return 0

        run(work())
    return found[0]


def _facts(report: SinksReport | SystemsReport) -> dict[str, object]:
    if isinstance(report, SystemsReport):
        return {name: value for name, value in asdict(report).items() if name != "verification"} | {
            "law": _law(report.verification), "disagreements": list(report.disagreements),
        }  # fmt: skip
    return {
        "plan": asdict(report.plan), "messages": report.tally.messages, "traffic": report.tally.facts(), "arrived": report.came,
        "delivered_s": report.delivered_s, "stored_s": report.stored_s, "verified_s": report.verified_s,
        "delivered_per_s": report.tally.messages / report.delivered_s, "stored_per_s": report.tally.messages / report.stored_s,
        "server_peak_bytes": report.server_peak_bytes, "form_06a": asdict(report.form),
        "law": _law(report.verification),
        "disagreements": list(report.disagreements),
    }  # fmt: skip


def _law(found: Verification) -> dict[str, object]:
    return {"holds": found.holds, "settled": found.settled, "accepted": found.counts.accepted}


def _print(report: SinksReport | SystemsReport) -> None:
    _print_systems(report) if isinstance(report, SystemsReport) else _print_sinks(report)
    if report.disagreements:
        typer.echo("KHÔNG KHỚP · DOES NOT ADD UP: " + "; ".join(report.disagreements))
    else:
        accepted = report.verification.counts.accepted
        typer.echo(f"Khớp · adds up: {accepted:,} messages accepted, none lost, none doubled")


def _print_systems(report: SystemsReport) -> None:
    def by_status(counts: Mapping[str, int]) -> str:
        return ", ".join(f"{status}: {count:,}" for status, count in sorted(counts.items()))

    each = report.documents + report.dossiers
    online = f"trực tuyến · online {report.form.received_online:,}, bưu chính · by post {report.form.received_post:,}"
    rows = (
        ("văn bản đi trên iOffice · documents sent", f"{report.documents:,}", by_status(report.outgoing)),
        ("nơi nhận trên trục · their receivers", "", by_status(report.received)),
        ("hồ sơ trên iGate · dossiers", f"{report.dossiers:,}", by_status(report.igate)),
        ("hồ sơ trên Cổng DVCQG · on the portal", "", by_status(report.portal)),
        ("giải quyết · resolved", f"{report.form.resolved:,}", _ends(report.form)),
        ("tiếp nhận · received", f"{report.form.received:,}", online),
        ("thời gian · time", f"{report.lived_s:,.1f} s", f"{each / report.lived_s:,.1f} vòng đời mỗi giây · whole lives a second"),
    )  # fmt: skip
    print_table(("", "", ""), rows)


def _ends(form: Row) -> str:
    return (
        f"trước hạn · early {form.early:,}, đúng hạn · on time {form.on_time:,}, quá hạn · late {form.late:,}, "
        f"rút · withdrawn {form.returned:,}, đang giải quyết · pending {form.pending:,}"
    )


def _print_sinks(report: SinksReport) -> None:
    tally, form, each = report.tally, report.form, report.tally.documents or 1
    ways = f"nội tỉnh · inside {tally.inside:,}, đi · out {tally.out:,}, đến · in {tally.into:,}"
    rows = (
        ("văn bản · documents", f"{tally.documents:,}", ways),
        ("ký số · signed", f"{tally.signed / each:.1%}", f"{tally.signed:,}"),
        ("không giấy · fully electronic", f"{tally.electronic / each:.1%}", f"{tally.electronic:,}"),
        ("hồ sơ · dossiers", f"{form.received:,}", _ends(form)),
        ("bản tin · messages", f"{tally.messages:,}", ", ".join(f"{name} {count:,}" for name, count in report.came.items())),
        ("phân phối · delivered", f"{tally.messages / report.delivered_s:,.0f}/s", f"{report.delivered_s:,.1f} s"),
        ("lưu vết · stored", f"{tally.messages / report.stored_s:,.0f}/s", f"{report.stored_s:,.1f} s"),
        ("bộ nhớ máy chủ · server memory", f"{report.server_peak_bytes / 1e6:,.0f} MB", "cao nhất · peak"),
    )  # fmt: skip
    print_table(("", "", ""), rows)
