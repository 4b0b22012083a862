"""The first section: key figures, problems and next commands."""

from collections.abc import Iterator
from datetime import UTC

from envctl.cli.render.html.elements import Html, code, dim, isolate, render_section, tag
from envctl.cli.render.html.signs import Sign, render_sign
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.words.attention import list_attention_items
from envctl.cli.render.words.status import UP_TO_DATE, format_lag, is_up_to_date, list_next_commands
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_first
from envctl.usecases.inspect.report import Report

MAX_NAMED = 2
_FAILURE, _OBSTACLE = Sign("failed", "bad", "went wrong"), Sign("doubt", "doubt", "in the way")
_HEALTHY = Sign("proven", "ok", "well")


def render_overview(report: Report) -> Html:
    columns = tag("div", _render_attention(report), _render_next_commands(report), class_="columns")
    return render_section("now", "Now", tag("dl", *_render_figures(report), class_="figures"), columns)


def _render_figures(report: Report) -> Iterator[Html]:
    environments = report.status.environments
    proven = sum(
        bool(each.present.current_evidence and each.present.current_evidence.verified) for each in environments
    )
    yield _render_figure("Environments verified", f"{proven} of {len(environments)}", "with a verified release")
    last = environments[-1]
    runs = shorten_id(last.present.current.release) if last.present.current else "no deployments"
    lag = format_lag(last, environments[-2].environment if len(environments) > 1 else "")
    yield _render_figure(last.environment, runs, lag)
    done = report.timeline.deployments
    succeeded = sum(each.deployment.outcome == "succeeded" for each in done)
    note = f"of the last {format_count(len(done), 'deployment')}" if done else "no deployments yet"
    yield _render_figure("Succeeded", f"{succeeded} of {len(done)}" if done else "none", note)
    yield _render_drift_figure(report)


def _render_drift_figure(report: Report) -> Html:
    running = [each for each in report.status.environments if each.present.current]
    unchecked = [each.environment for each in running if each.present.drift is None]
    drifted = {each.environment: each.present.drift.drifted for each in running if each.present.drift}
    drifting = [name for name, number in drifted.items() if number]
    value = format_count(sum(drifted.values()), "difference") if drifting else "none seen" if drifted else "not known"
    details = [
        f"in {join_first(drifting or list(drifted), MAX_NAMED)}" if drifted else "",
        f"not checked in {join_first(unchecked, MAX_NAMED)}" if unchecked else "",
    ]
    return _render_figure("Drift", value, "; ".join(filter(None, details)) or "no deployments yet")


def _render_figure(name: str, value: str, note: str) -> Html:
    return tag("div", tag("dt", name), tag("dd", tag("strong", value), dim(note)))


def _render_attention(report: Report) -> Html:
    found = list_attention_items(report.status, UTC)
    items = []
    for each in found:
        sentence = tag("span", tag("b", each.environment), " ", isolate(each.sentence))
        items.append(tag("li", render_sign(_FAILURE if each.is_serious else _OBSTACLE), sentence))
    if not found:
        started = any(each.present.last for each in report.status.environments)
        text = "No problems." if started else "No deployments yet."
        items = [tag("li", render_sign(_HEALTHY if started else Sign("nothing", "still", "")), tag("span", text))]
    return tag("div", tag("h3", "Needs attention"), tag("ul", *items, class_="matters"))


def _render_next_commands(report: Report) -> Html:
    commands = list_next_commands(report.status)
    items = [tag("li", code(command), dim(reason)) for command, reason in commands]
    text = UP_TO_DATE if is_up_to_date(report.status) else "No command needed."
    return tag("div", tag("h3", "Next"), tag("ul", *items, class_="commands") if items else tag("p", text))
