"""lgsp send FILE."""

from typing import Annotated

import typer
from pydantic import JsonValue

from lgsp.cli.common import ConfigOption, Gateway, JsonOption, UrlOption, print_json, read_input, settings_of
from lgsp.clock import SystemClock
from lgsp.errors import ConfigurationError, RejectedError
from lgsp.settings import Settings
from lgsp.standards import edxml, vxp

__all__ = ["send"]


def send(
    file: Annotated[str, typer.Argument(help="A CloudEvent (JSON) or an .edxml file; - reads standard input.")],
    system: Annotated[str, typer.Option("--as", help="For .edxml: the system that sends it.")] = "ioffice",
    url: UrlOption = None, config: ConfigOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Publish a message, or hand in an .edxml over the real wire (VXP sendEdoc)."""
    raw = read_input(file)
    gateway = Gateway(url, config)
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        answer = _send_edxml(gateway, settings_of(config), system, raw)
        identity, verdict = answer.get("DocId"), "accepted"
    else:
        headers = {"Content-Type": "application/cloudevents+json"}
        answer = gateway.ask("POST", "/v1/messages", content=raw, headers=headers)
        identity, verdict = answer.get("id"), "accepted" if answer.get("new") else "accepted before"
    if json_output:
        print_json(answer)
    else:
        typer.echo(f"{identity}: {verdict}; follow it with `lgsp trace {identity}`")


def _send_edxml(gateway: Gateway, settings: Settings, system: str, raw: bytes) -> dict[str, JsonValue]:
    packet = edxml.read(raw)
    table = settings.systems[system].table() if system in settings.systems else {}
    system_id, secret = table.get("system_id"), table.get("secret")
    if not (isinstance(system_id, str) and isinstance(secret, str)):
        raise ConfigurationError(f"systems.{system}: needs system_id and secret to send edXML as that system")
    content_type = "application/octet-stream"
    signed = {
        "systemid": system_id,
        "servicetype": "eDoc",
        "messagetype": "status" if isinstance(packet, edxml.EdxmlStatus) else "edoc",
        "hash-file": vxp.file_hash(raw),
        "from": packet.sender.id,
        "timestamp": vxp.timestamp(SystemClock().now()),
        "Content-Type": content_type,
    }
    headers = {**vxp.sign(signed, secret), "Content-Type": content_type}
    answer = gateway.ask("POST", f"/in/{system}/sendEdoc", content=raw, headers=headers)
    if answer.get("ErrorCode") != "0":
        raise RejectedError(f"sendEdoc: ErrorCode {answer.get('ErrorCode')}: {answer.get('ErrorDesc')}")
    return answer
