"""How things stand, in figures and in sentences, and what to type next."""

from collections.abc import Iterator
from datetime import UTC

from envctl.cli.render.console.inspect.attention import matters
from envctl.cli.render.console.inspect.boxes import behind
from envctl.cli.render.console.inspect.status import next_commands, up_to_date
from envctl.cli.render.html.elements import Html, code, quiet, quoted, several, tag
from envctl.cli.render.html.signs import Sign, drawn
from envctl.cli.render.html.tables import section
from envctl.cli.render.terminal.counting import counted
from envctl.domain.text.lists import first_of
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.report import Report

NAMED = 2
_GRAVE, _IN_THE_WAY = Sign("failed", "bad", "went wrong"), Sign("doubt", "doubt", "in the way")
_WELL = Sign("proven", "ok", "well")


def overview(report: Report) -> Html:
    columns = tag("div", _attention(report), _next(report), class_="columns")
    return section("now", "Now", tag("dl", *_figures(report), class_="figures"), columns)


def _figures(report: Report) -> Iterator[Html]:
    environments = report.status.environments
    proven = sum(bool(each.present.proof and each.present.proof.verified) for each in environments)
    yield _figure("Environments proven", f"{proven} of {len(environments)}", "what runs there is verified")
    last = environments[-1]
    runs = last.present.current
    yield _figure(
        last.environment,
        short(runs.release) if runs else "nothing runs",
        behind(last, environments[-2].environment if len(environments) > 1 else ""),
    )
    done = report.timeline.deployments
    good = sum(each.deployment.outcome == "succeeded" for each in done)
    named = f"of the last {counted(len(done), 'deployment')}" if done else "nothing was deployed yet"
    yield _figure("Succeeded", f"{good} of {len(done)}" if done else "none", named)
    yield _drift(report)


def _drift(report: Report) -> Html:
    running = [each for each in report.status.environments if each.present.current]
    unseen = [each.environment for each in running if each.present.drift is None]
    drifted = {each.environment: each.present.drift.drifted for each in running if each.present.drift}
    places = [name for name, number in drifted.items() if number]
    value = counted(sum(drifted.values()), "difference") if places else "none seen" if drifted else "not known"
    told = [
        f"in {first_of(places or list(drifted), NAMED)}" if drifted else "",
        f"not looked at in {first_of(unseen, NAMED)}" if unseen else "",
    ]
    return _figure("Drift", value, "; ".join(filter(None, told)) or "nothing runs yet")


def _figure(name: str, value: str, told: str) -> Html:
    return tag("div", tag("dt", name), tag("dd", tag("strong", value), quiet(told)))


def _attention(report: Report) -> Html:
    found = matters(report.status, UTC)
    items = [
        tag(
            "li",
            drawn(_GRAVE if each.grave else _IN_THE_WAY),
            tag("span", tag("b", each.environment), " ", quoted(each.told)),
        )
        for each in found
    ]
    if not found:
        started = any(each.present.last for each in report.status.environments)
        well = "Nothing needs attention." if started else "Nothing was deployed yet."
        items = [tag("li", drawn(_WELL if started else Sign("nothing", "still", "")), tag("span", well))]
    return tag("div", tag("h3", "Needs attention"), tag("ul", *items, class_="matters"))


def _next(report: Report) -> Html:
    commands = next_commands(report.status)
    items = [tag("li", code(command), quiet(reason)) for command, reason in commands]
    if not items:
        told = "Nothing to do: every environment is up to date." if up_to_date(report.status) else "Nothing to type."
        return tag("div", tag("h3", "Next"), tag("p", told))
    return tag("div", tag("h3", "Next"), tag("ul", *items, class_="commands"), several())
