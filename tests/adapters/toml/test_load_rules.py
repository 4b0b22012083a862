"""What environments ask for, as the project file says it, and what is said where that is wrong."""

from datetime import datetime, time, timedelta

import pytest

from envctl.adapters.toml import load_project
from envctl.domain.config.checks.command import CommandCheck
from envctl.domain.config.checks.http import HttpCheck
from envctl.domain.config.checks.output import OutputCheck
from envctl.domain.config.rules.windows import AbsoluteWindow, WeeklyWindow
from envctl.domain.rules.document import find_rules
from tests.adapters.toml.project_files import GOOD, RULED, line_of, problems_of, read_cases


def test_environment_rules_are_read() -> None:
    project = load_project(RULED.encode())
    prod = project.environments["prod"]
    assert (prod.protected, prod.max_destroys) == (True, 0)
    gates = prod.gates
    assert (gates.approvals, gates.self_approval) == ({"peer": 1, "business": 2}, True)
    assert gates.expires == timedelta(hours=8)
    assert gates.soak == timedelta(hours=36)
    assert gates.max_age == timedelta(days=14)
    assert gates.waivable == ("G104", "G107", "G106")
    assert (gates.committed, gates.rehearsed) == (True, "refuse")
    assert tuple(each.to_window() for each in find_rules(project, "prod").windows) == (
        AbsoluteWindow("deny", "year end", datetime(2026, 12, 20), datetime(2027, 1, 4, 6, 30), "Asia/Tokyo"),
        WeeklyWindow("allow", "office", ("mon", "tue"), time(9), time(17, 30), "Europe/Berlin"),
        WeeklyWindow("allow", "whole saturdays", ("sat",), time(), time(), "UTC"),
    )
    assert project.parity is not None
    assert project.parity.may_differ == ("size", "instance_count")
    assert project.protection.stateful == ("aws_instance", "postgresql_database")
    assert project.checks == {
        "http": HttpCheck(url="output:web.url", path="/healthz"),
        "smoke": CommandCheck(command=("pytest", "tests/smoke"), environments=("dev", "staging")),
        "zones": OutputCheck(output="network.zones", equals=["a", "b"]),
    }


def test_unset_gates_take_their_defaults() -> None:
    project = load_project(GOOD.encode())
    staging = project.environments["staging"]
    assert (staging.protected, staging.max_destroys) == (False, 5)
    gates = staging.gates
    assert (gates.approvals, gates.expires, gates.soak, gates.max_age) == ({}, None, timedelta(), None)
    assert "approvals" not in gates.model_fields_set
    assert (gates.windows, gates.waivable, gates.committed, gates.rehearsed) == ((), (), False, "warn")
    assert (project.parity, project.protection.stateful, project.checks) == (None, (), {})


YEAR_END, OFFICE, SATURDAYS = "year end", '"office"', "whole saturdays"
AGAINST_RULES = read_cases(r"""
a duration in words: "8h" => "8 hours" @ expires
  ~ gates.expires must be a duration such as "30m", "24h", "14d" or "1d12h"
a duration that is empty: "8h" => "" @ expires
  ~ gates.expires must be a duration such as "30m", "24h", "14d" or "1d12h"
a duration in the wrong order: "1d12h" => "12h1d" @ soak =
  ~ gates.soak must be a duration such as "30m", "24h", "14d" or "1d12h"
a duration without a unit: "1d12h" => "24" @ soak =
  ~ gates.soak must be a duration such as "30m", "24h", "14d" or "1d12h"
a duration that is a number: "1d12h" => 24 @ soak =
  ~ gates.soak must be a duration in quotes
a duration that is a time: "1d12h" => 12:00:00 @ soak =
  ~ gates.soak must be a duration in quotes
a duration that is true: "2w" => true @ max_age
  ~ gates.max_age must be a duration in quotes
a duration of nothing: "1d12h" => "0h" @ soak =
  ~ gates.soak must be longer than zero
a duration below zero: "2w" => "-2w" @ max_age
  ~ gates.max_age must be a duration such as "30m", "24h", "14d" or "1d12h"
a duration for ever: "2w" => "3651d" @ max_age
  ~ gates.max_age must not be longer than 3650d
a guard that there is none of: "approvals"] => "approval"] @ waivable
  ~ gates.waivable.2 must be the code or the name of a guard, such as G104 or soak; not 'approval' (did you mean
a code that there is none of: G107 => G199 @ waivable
  ~ gates.waivable.1 must be the code or the name
a guard in capitals: "soak", "G => "SOAK", "G @ waivable
  ~ gates.waivable.0 must be the code or the name
a guard that is a number: "soak", "G => 7, "G @ waivable
  ~ gates.waivable.0 must be a string
a deployment on top of another: "approvals"] => "busy"] @ waivable
  ~ gates.waivable.2 must not contain busy, because it can't be waived: two deployments at once
a deployment on top of another, by its code: G107 => G109 @ waivable
  ~ gates.waivable.1 must not contain G109, because it can't be waived
settings that do not fit: "approvals"] => "settings"] @ waivable
  ~ gates.waivable.2 must not contain settings, because it can't be waived: Terraform could not even plan
settings that do not fit, by their code: G107 => G204 @ waivable
  ~ gates.waivable.1 must not contain G204, because it can't be waived
guards that are no list: waivable = ["soak", "G107", "approvals"] => waivable = "soak" @ waivable
  ~ gates.waivable must be a list
a commit as text: committed = true => committed = "yes" @ committed
  ~ gates.committed must be true or false
one's own approval as a number: self_approval = true => self_approval = 1 @ self_approval
  ~ gates.self_approval must be true or false
a rehearsal that is neither: "refuse" => "maybe" @ rehearsed
  ~ gates.rehearsed must be 'off', 'warn' or 'refuse'
protection as text: protected = true => protected = "yes" @ protected
  ~ protected must be true or false
fewer than none may go: max_destroys = 0 => max_destroys = -1 @ max_destroys
  ~ max_destroys must be 0 or more
half a resource may go: max_destroys = 0 => max_destroys = 1.5 @ max_destroys
  ~ max_destroys must be a whole number
true resources may go: max_destroys = 0 => max_destroys = true @ max_destroys
  ~ max_destroys must be a whole number
windows that are a table: windows = [\n  { => windows = { kind = 1 }\nx = [\n { @ windows
  ~ gates.windows must be a list
a window that is text: # the office, and => "weekends",\n  # the office, and @ "weekends"
  ~ gates.windows.1 must be a table
a window that neither opens nor shuts: kind = "allow", name = "office" => kind = "maybe", name = "office" @ "office"
  ~ gates.windows.1.kind must be 'allow' or 'deny'
a window that begins and never ends: , end = "2027-01-04T06:30" =>  @ year end
  ~ gates.windows.0 must have start and end, or days, from and to
a window that ends and never begins: start = "2026-12-20",  =>  @ year end
  ~ gates.windows.0 must have start and end, or days, from and to
a window with days and no times: , from = "00:00", to = "24:00" =>  @ whole saturdays
  ~ gates.windows.2 must have start and end, or days, from and to
a window with times and no days: days = ["sat"],  =>  @ whole saturdays
  ~ gates.windows.2 must have start and end, or days, from and to
a window that is both: days = ["sat"] => start = "2026-12-20", end = "2026-12-21", days = ["sat"] @ whole saturdays
  ~ gates.windows.2 must have start and end, or days, from and to
a window with a start and a time: end = "2027-01-04T06:30" => end = "2027-01-04T06:30", from = "09:00" @ year end
  ~ gates.windows.0 must have start and end, or days, from and to
a zone that there is none of: Asia/Tokyo => Asia/Tokio @ year end
  ~ gates.windows.0 has the unknown time zone 'Asia/Tokio'; write it like "Europe/Berlin"
a zone that is empty: Europe/Berlin =>  @ "office"
  ~ gates.windows.1 has the unknown time zone ''
a zone that is each machine's own: Europe/Berlin => localtime @ "office"
  ~ gates.windows.1 has the unknown time zone 'localtime'
a zone that is a path: Europe/Berlin => ../UTC @ "office"
  ~ gates.windows.1 has the unknown time zone '../UTC'
a zone that is a number: "Europe/Berlin" => 1 @ "office"
  ~ gates.windows.1.tz must be a string, in quotes
a date that does not exist: "2026-12-20" => "2026-02-30" @ year end
  ~ gates.windows.0 must be an existing date
a date with an offset: "2027-01-04T06:30" => "2027-01-04T06:30Z" @ year end
  ~ gates.windows.0 must not end in "Z"; name the zone instead
a date without quotes: "2026-12-20" => 2026-12-20 @ year end
  ~ gates.windows.0.start must be a string, in quotes
a time that there is none of: "09:00" => "25:00" @ "office"
  ~ gates.windows.1 must be a time of day from "00:00" to "23:59"
a window that begins when the day is over: from = "00:00" => from = "24:00" @ whole saturdays
  ~ gates.windows.2 must be a time of day from "00:00" to "23:59"
an end that there is none of: "17:30" => "5pm" @ "office"
  ~ gates.windows.1 must be a time of day from "00:00" to "24:00"
a day that there is none of: "tue"] => "Tue"] @ "office"
  ~ gates.windows.1.days.1 must be 'mon', 'tue', 'wed'
a name that is a number: "office" => 7 @ name = 7
  ~ gates.windows.1.name must be a string, in quotes
a setting that may differ and can be none: "size", "instance_count" => "size", "instance count" @ may_differ
  ~ parity.may_differ.1 must be the name of a Terraform variable
settings that may differ and are no list: ["size", "instance_count"] => "size" @ may_differ
  ~ parity.may_differ must be a list
a type that can be none: "aws_instance" => "aws_instance.main" @ stateful
  ~ protection.stateful.0 must be a resource type
types that are no list: ["aws_instance", "postgresql_database"] => true @ stateful
  ~ protection.stateful must be a list
a check of a kind that there is none of: kind = "command" => kind = "comand" @ kind = "comand"
  ~ checks.smoke.kind must be one of "http", "tcp", "command", "output"
a check without a kind: kind = "command"\n =>  @ [checks.smoke]
  ~ checks.smoke must have a kind, one of "http", "tcp", "command", "output"
a check whose path is none: "/healthz" => "healthz" @ path =
  ~ checks.http.path must be the path of a URL
""")


@pytest.mark.parametrize(("old", "new", "at", "message"), AGAINST_RULES.values(), ids=AGAINST_RULES.keys())
def test_invalid_rules_are_reported_with_their_line(old: str, new: str, at: str, message: str) -> None:
    assert old in RULED
    text = RULED.replace(old, new, 1)
    found = [problem for problem in problems_of(text) if problem.code != "E102"]
    (problem,) = found
    assert problem.code == "E103"
    assert problem.message.removeprefix("environments.prod.").startswith(message)
    assert str(problem.location) == line_of(text, at)
    assert problem.hint.startswith(("correct ", "did you mean "))


SENSELESS = {
    "a deny window that leaves nothing open": (
        '  { kind = "allow", name = "office", days = ["mon", "tue"], from = "09:00", to = "17:30"',
        (
            '  { kind = "deny", name = "office", days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],'
            ' from = "00:00", to = "24:00"'
        ),
        OFFICE,
        "leaves no open time in the week",
    ),
    "an allow window that is always shut": (
        "# the office, and",
        ('{ kind = "deny", name = "weekends", days = ["sat"], from = "00:00", to = "24:00" },\n  # the office, and'),
        SATURDAYS,
        "is never open",
    ),
    "a window that ends before it begins": ('"2026-12-20"', '"2027-12-20"', YEAR_END, ""),
    "a window on no day": ('["mon", "tue"]', "[]", OFFICE, ""),
}


@pytest.mark.parametrize(("old", "new", "at", "message"), SENSELESS.values(), ids=SENSELESS.keys())
def test_meaningless_window_is_reported_with_its_line(old: str, new: str, at: str, message: str) -> None:
    assert old in RULED
    text = RULED.replace(old, new, 1)
    (problem,) = problems_of(text)
    assert problem.code == "E103"
    assert problem.message.startswith("environments.prod.gates.windows")
    assert message in problem.message
    assert str(problem.location) == line_of(text, at)


MISSPELT = read_cases(r"""
a gate: soak = => saok = @ saok
  ~ environments.prod.gates.saok is not a known key ~ did you mean soak?
the age: max_age = => maxage = @ maxage
  ~ environments.prod.gates.maxage is not a known key ~ mean max_age?
the protection of an environment: protected = => protectd = @ protectd
  ~ environments.prod.protectd is not a known key ~ did you mean protected?
the start of a window: start = => strat = @ strat
  ~ environments.prod.gates.windows.0.strat is not a known key ~ did you mean start?
the end of a weekly window, by another word: to = "17:30" => till = "17:30" @ till
  ~ environments.prod.gates.windows.1.till is not a known key ~ known are: days, end, from, kind, name, start, to, tz
a window's own word for its beginning: from = "09:00" => begin = "09:00" @ begin =
  ~ environments.prod.gates.windows.1.begin is not a known key ~ from
what may differ: may_differ => may_difer @ may_difer
  ~ parity.may_difer is not a known key ~ mean may_differ?
what holds data: stateful => statefull @ statefull
  ~ protection.statefull is not a known key ~ did you mean stateful?
the table of protection: [protection] => [protecton] @ [protecton]
  ~ protecton is not a known key ~ protection?
the path of a check: path = => pth = @ pth
  ~ checks.http.pth is not a known key ~ did you mean path?
the command of a check: kind = "command"\n => kind = "command"\ntimout = "5m"\n @ timout
  ~ checks.smoke.timout is not a known key ~ did you mean timeout?
""")


@pytest.mark.parametrize(("old", "new", "at", "message", "hint"), MISSPELT.values(), ids=MISSPELT.keys())
def test_misspelt_key_is_refused_with_nearest_name(old: str, new: str, at: str, message: str, hint: str) -> None:
    assert old in RULED
    text = RULED.replace(old, new, 1)
    problem, *_ = [problem for problem in problems_of(text) if problem.code == "E102"]
    assert problem.message.startswith(message)
    assert hint in problem.hint
    assert str(problem.location) == line_of(text, at)


def test_window_without_name_is_reported_with_its_line() -> None:
    text = RULED.replace('name = "office", ', "")
    (problem,) = problems_of(text)
    assert (problem.code, problem.message) == ("E108", "environments.prod.gates.windows.1.name is missing")
    assert str(problem.location) == line_of(text, "Europe/Berlin")


TABLES = """\
[[environments.prod.gates.windows]]
kind = "deny"
name = "year end"
start = "2026-12-20"
end = "2027-01-04"

[[environments.prod.gates.windows]]
kind = "allow"
name = "office"
days = ["mon"]
from = "09:00"
to = "17:30"
"""
IN_TABLES = {
    "a key of the first": ("start =", "strat =", "strat"),
    "a key of the second": ("from =", "form =", "form"),
    "a value of the second": ('["mon"]', '["monday"]', "days"),
}


@pytest.mark.parametrize(("old", "new", "at"), IN_TABLES.values(), ids=IN_TABLES.keys())
def test_windows_as_tables_have_their_own_lines(old: str, new: str, at: str) -> None:
    assert load_project((GOOD + TABLES).encode()).environments["prod"].gates.windows[1].name == "office"
    text = GOOD + TABLES.replace(old, new)
    assert line_of(text, at) in {str(problem.location) for problem in problems_of(text)}


def test_faulty_window_table_is_reported_with_its_line() -> None:
    text = GOOD + TABLES.replace('to = "17:30"\n', "")
    (problem,) = problems_of(text)
    assert problem.message.startswith("environments.prod.gates.windows.1 must have start and end")
    header = text[: text.index('kind = "allow"')].count("\n")
    assert str(problem.location) == f"envctl.toml:{header}"


def test_missing_window_key_has_an_example() -> None:
    header = "[environments.prod.gates]\n"
    text = GOOD.replace(header, f"{header}windows = [{{ days = ['mon'] }}]\n")
    hints = [problem.hint for problem in problems_of(text)]
    assert 'add it: kind = "deny"' in hints
    assert 'add it: name = "weekend"' in hints
    assert not [hint for hint in hints if "oci" in hint or "shop" in hint]
