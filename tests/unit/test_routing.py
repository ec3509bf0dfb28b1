import pytest

from lgsp.errors import ConfigurationError
from lgsp.message import Message
from lgsp.routing import Condition, Recipient, Route, Router, read_routes

pytestmark = pytest.mark.unit

KINDS = {"document.issued", "document.status", "dossier.submitted"}
INSIDE = Route("inside", ("document.*",), ("ioffice",), recipients=("*.H34", "H34", "H34.*"), back=True)
OUTSIDE = Route("outside", ("document.*",), ("axis",), recipients_not=("*.H34", "H34", "H34.*"))


def message(recipients=None, *, kind="document.issued", source="/systems/ioffice", sender=None, data=None):
    return Message(
        id="m1", source=source, type=f"vn.lgsp.{kind}", subject="d1", time="2026-11-23T08:00:00+07:00",
        dataschema=f"https://lgsp.vn/schemas/{kind}/1", data=data or {}, recipients=recipients, sender=sender,
    )  # fmt: skip


def read(*tables, systems=("ioffice", "axis")):
    return read_routes(tables, systems=systems, kinds=KINDS)


def test_each_recipient_goes_to_the_system_where_it_lives():
    decision = Router([INSIDE, OUTSIDE]).route(message("000.00.01.H34,000.00.00.G22,H34.2"))
    assert decision.recipients == (
        Recipient("ioffice", ("000.00.01.H34", "H34.2")),
        Recipient("axis", ("000.00.00.G22",)),
    )
    assert decision.unrouted == ()


def test_two_routes_to_one_system_are_one_recipient_without_repeats():
    routes = [
        Route(name, ("document.*",), ("axis",), recipients=("*.G22", pattern))
        for name, pattern in ((("a", "*.G09")), ("b", "*.G12"))
    ]
    decision = Router(routes).route(message("000.00.00.G22,000.00.00.G09,000.00.00.G12"))
    assert decision.recipients == (Recipient("axis", ("000.00.00.G22", "000.00.00.G09", "000.00.00.G12")),)


def test_a_message_does_not_go_back_to_the_system_it_came_from():
    decision = Router([OUTSIDE]).explain(message("000.00.00.G22", source="/systems/axis"))
    assert decision.recipients == ()
    assert decision.unrouted == ()
    assert "back = true" in decision.explanation[0].reason


def test_a_route_with_back_lets_a_message_return():
    decision = Router([INSIDE]).route(message("000.00.01.H34", source="/systems/ioffice"))
    assert decision.recipients == (Recipient("ioffice", ("000.00.01.H34",)),)


def test_recipients_that_no_route_takes_are_named():
    decision = Router([INSIDE]).route(message("000.00.01.H34,000.00.00.G22"))
    assert decision.unrouted == ("000.00.00.G22",)


def test_a_route_without_recipient_patterns_takes_the_message_without_organizations():
    decision = Router([Route("in", ("dossier.submitted",), ("igate",))]).route(
        message("000.00.03.H34", kind="dossier.submitted")
    )
    assert decision.recipients == (Recipient("igate", ()),)
    assert decision.unrouted == ()


def test_a_recipient_route_does_not_match_a_message_without_recipients():
    decision = Router([OUTSIDE]).explain(message(None))
    assert decision.recipients == ()
    assert "no recipient fits" in decision.explanation[0].reason


def test_sender_patterns_are_matched():
    route = Route("a", ("document.*",), ("axis",), sender=("*.H34",))
    assert Router([route]).route(message("000.00.00.G22", sender="000.00.01.H34")).recipients
    assert not Router([route]).route(message("000.00.00.G22", sender="000.00.01.H35")).recipients


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Condition("/a/b", one_of=(1,)), True),
        (Condition("/a/b", one_of=(True,)), False),
        (Condition("/a/list/1", one_of=("x", "y")), True),
        (Condition("/a/list/9", exists=True), False),
        (Condition("/a/list/9", exists=False), True),
        (Condition("/sl~1ash~0", matches="v.*"), True),
        (Condition("/sl~1ash~0", matches="v"), False),
        (Condition("/a/b", matches="1"), False),
    ],
)
def test_data_conditions_compare_as_json_does(condition, holds):
    data = {"a": {"b": 1, "list": ["x", "y"]}, "sl/ash~": "value"}
    route = Route("a", ("document.*",), ("axis",), data=(condition,))
    assert bool(Router([route]).route(message(data=data)).recipients) is holds


def test_every_route_is_explained():
    decision = Router([INSIDE, OUTSIDE]).explain(message(kind="dossier.submitted"))
    assert [each.matched for each in decision.explanation] == [False, False]
    assert "dossier.submitted is not document.*" in decision.explanation[0].reason


def test_tables_are_read():
    (route,) = read({
        "name": "r", "when": "vn.lgsp.document.issued", "to": ["axis"], "recipients_not": ["*.H34"],
        "data": {"/priority": {"in": [2, 3]}, "/signed": True, "/code": {"exists": True, "matches": "A.*"}},
    })  # fmt: skip
    assert route == Route(
        "r", ("document.issued",), ("axis",), recipients_not=("*.H34",),
        data=(Condition("/priority", (2, 3)), Condition("/signed", (True,)), Condition("/code", None, True, "A.*")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            {"when": ["document.*"], "to": ["axsi"]},
            "routes[0].to: unknown system 'axsi'; known: axis, ioffice (did you mean 'axis'?)",
        ),
        (
            {"when": ["document.isued"], "to": ["axis"]},
            "routes[0].when: no message type fits 'document.isued' (did you mean 'document.issued'?)",
        ),
        ({"when": ["document.*"]}, "routes[0].to: Field required"),
        ({"when": ["document.*"], "to": ["axis"], "recipient": []}, "routes[0].recipient: unknown key"),
        ({"when": ["document.*"], "to": [3]}, "routes[0].to[0]: Input should be a valid string"),
        (
            {"when": ["document.*"], "to": ["axis"], "back": "yes"},
            "routes[0].back: Input should be a valid boolean",
        ),
        ({"when": ["document.*"], "to": ["axis"], "data": {"a": 1}}, "routes[0].data.'a': a JSON Pointer"),
        (
            {"when": ["document.*"], "to": ["axis"], "data": {"/a": {"matches": "("}}},
            "is no regular expression",
        ),
        ({"when": ["document.*"], "to": ["axis"], "data": {"/a": {"like": 1}}}, "unknown test like"),
        ({"when": ["document.*"], "to": ["axis"], "data": {"/a": {"in": 1}}}, '"in" needs a list'),
        ("axis", "routes[0]: "),
    ],
)
def test_a_mistake_in_a_table_is_told_with_its_place(table, told):
    with pytest.raises(ConfigurationError) as caught:
        read(table)
    assert told in str(caught.value)
    assert str(caught.value).startswith("lgsp.toml: ")


def test_all_mistakes_of_all_tables_are_told_at_once():
    with pytest.raises(ConfigurationError) as caught:
        read({"when": ["nothing"], "to": ["axsi"]}, {"when": ["document.*"], "to": ["portal"]})
    assert len(str(caught.value).splitlines()) == 3


def test_two_routes_of_one_name_are_refused():
    table = {"name": "a", "when": ["document.*"], "to": ["axis"]}
    with pytest.raises(ConfigurationError, match=r"routes\[1\]\.name: 'a' is taken"):
        read(table, table)
