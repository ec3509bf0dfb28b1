"""lgsp trace ID, lgsp messages."""

from typing import Annotated
from urllib.parse import quote

import typer
from pydantic import JsonValue

from lgsp.cli.common import ConfigOption, Gateway, JsonOption, UrlOption, print_json, print_table

__all__ = ["messages", "trace"]


def trace(
    key: Annotated[str, typer.Argument(metavar="ID", help="Message id, document id, số/ký hiệu, mã hồ sơ.")],
    url: UrlOption = None, config: ConfigOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """The journey of a message, a document or a dossier, step by step."""
    answer = Gateway(url, config).ask("GET", f"/api/trace/{quote(key, safe='')}")
    if json_output:
        print_json(answer)
        return
    for message in rows(answer, "messages"):
        typer.echo(f"{message['type']}  {message['message_id']}  [{message['state']}]  {message['title']}")
        steps = (
            (step["at"], step["step"], step["system"], step["detail"]) for step in rows(message, "steps")
        )
        print_table(("  at", "step", "system", "detail"), ((f"  {at}", *rest) for at, *rest in steps))
    for held in rows(answer, "held"):
        where = f"{held['system']}, {held['subject']}"
        typer.echo(
            f"held ({where}): {held['message_id']}: attempt {held['attempt']} at {held['next_attempt_at']}"
        )
        behind = held["behind"]
        for waiting in behind if isinstance(behind, list) else ():
            typer.echo(f"held ({where}): {waiting}: waits behind {held['message_id']}")


def messages(
    text: Annotated[str, typer.Argument(help="Words of the subject, number or organizations.")] = "",
    kind: Annotated[str, typer.Option("--type", help="document.issued, document.* …")] = "",
    state: Annotated[str, typer.Option("--state", help="accepted, routed, delivered, retrying, dead …")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    url: UrlOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Search the message store, newest first."""
    wanted = {"text": text, "type": kind, "state": state}
    params: dict[str, str | int] = {name: value for name, value in wanted.items() if value} | {"limit": limit}
    answer = Gateway(url).ask("GET", "/api/messages", params=params)
    if json_output:
        print_json(answer)
        return
    columns = ("accepted_at", "type", "state", "number", "subject", "title")
    print_table(columns, ([message[column] for column in columns] for message in rows(answer, "messages")))


def rows(answer: dict[str, JsonValue], key: str) -> list[dict[str, JsonValue]]:
    """The list of objects under a key."""
    found = answer.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
