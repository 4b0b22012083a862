"""The section of gates and guards: the rules of each environment, and the guards of its next change."""

from collections.abc import Iterator
from datetime import UTC

from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, dim, isolate, join, render_facts, render_section, tag
from envctl.cli.render.html.signs import Sign, render_label, render_sign
from envctl.cli.render.html.wording import render_hint, render_moment, render_person
from envctl.cli.render.words.approval.approvals import list_stack_lines
from envctl.cli.render.words.approval.guards import format_guards, format_opening_time, list_refusal_details
from envctl.cli.render.words.approval.verdict import format_verdict
from envctl.cli.render.words.approval.why import describe_move
from envctl.cli.render.words.status import format_lag, pair_with_previous
from envctl.domain.config.rules.rule_text import describe_rules
from envctl.domain.guards import Refusal
from envctl.domain.rules.environment_rules import Rules
from envctl.usecases.approval.explain_refusal import Outcome, Why
from envctl.usecases.inspect.report import Outlook, Report
from envctl.usecases.inspect.status import EnvironmentStatus

_REFUSED, _REFUSED_FOR_NOW = Sign("failed", "bad", "refuses"), Sign("stopped", "doubt", "refuses for now")
_WARNED = Sign("doubt", "doubt", "warns")


def render_gates(report: Report) -> Html:
    pairs = zip(pair_with_previous(report.status), report.outlooks, strict=True)
    cards = (_render_card(outlook, status, before) for (status, before), outlook in pairs)
    return render_section("gates", "Gates and guards", tag("div", *cards, class_="stack"))


def _render_card(outlook: Outlook, status: EnvironmentStatus, before: str) -> Html:
    approvals = tag("ul", *_render_approvals(outlook), class_="gates") if outlook.why.gates else join()
    gates = [] if outlook.why.gates else [("Gates", "none")]
    written = tag("p", dim(isolate(outlook.why.written))) if outlook.why.written else join()
    rules = tag("div", tag("h4", "Requires"), approvals, written, render_facts([*gates, *_list_rules(outlook.asked)]))
    columns = tag("div", rules, _render_next_change(outlook, status, before), class_="columns even")
    return tag("article", tag("h3", outlook.environment), columns, class_="card")


def _render_approvals(outlook: Outlook) -> Iterator[Html]:
    expires = outlook.asked.expires
    for gate, (given, wanted) in outlook.why.gates.items():
        sign = states.APPROVAL_GIVEN if given >= wanted else states.APPROVAL_MISSING
        by = []
        for each in outlook.approvals:
            if each.gate == gate:
                end = join(", valid until ", render_moment(each.at + expires)) if expires else ""
                by.append(tag("li", dim(render_person(each.by), ", ", render_moment(each.at), end)))
        by += [tag("li", dim(isolate(line))) for line in list_stack_lines(outlook.why.approvals[gate])]
        count = f" {given} of {wanted} {states.APPROVAL_GIVEN.word}"
        yield tag("li", render_sign(sign), tag("div", tag("b", gate), count, tag("ul", *by) if by else join()))


def _list_rules(rules: Rules) -> Iterator[tuple[str, Html | str]]:
    """Yield each rule in force beside the gates, as name and value."""
    for title, text in describe_rules(rules):
        yield title, text if isinstance(text, str) else tag("ul", *(tag("li", isolate(each)) for each in text))


def _render_next_change(outlook: Outlook, status: EnvironmentStatus, before: str) -> Html:
    why = outlook.why
    if before and not status.lag:
        text = f"{'Nothing waits:' if status.lag == 0 else 'Nothing to promote: it'} {format_lag(status, before)}."
        return tag("div", tag("h4", "Next change"), tag("p", text))
    tone = "ok" if why.allowed else "doubt" if all(each.for_now for each in why.refusals) else "bad"
    answer = join(tag("b", format_verdict(why), class_=tone), format_opening_time(why.opens, why.now, UTC))
    refusals = (_render_refusal(each.refusal, why) for each in why.answers if each.refusal)
    next_step = join(tag("dt", "Next"), tag("dd", render_hint(why.next)))
    return tag(
        "div",
        tag("h4", f"Next change: {describe_move(why)}"),
        tag("p", answer),
        tag("ul", *refusals, class_="refusals"),
        tag("dl", tag("div", next_step), *_render_other_guards(why), class_="facts"),
    )


def _render_other_guards(why: Why) -> Iterator[Html]:
    titles: dict[Outcome, str] = {
        "passes": "Pass",
        "moot": "Skipped",
        "unplanned": "Need a plan",
        "not_applicable": "Not applicable",
    }
    for outcome, title in titles.items():
        codes = [answer.code for answer in why.answers if answer.outcome == outcome]
        if codes:
            yield tag("div", tag("dt", title), tag("dd", dim(format_guards(codes))))


def _render_refusal(refusal: Refusal, why: Why) -> Html:
    sign = _WARNED if refusal.warns else _REFUSED_FOR_NOW if refusal.for_now else _REFUSED
    head = tag("p", render_label(sign, f" {refusal.code} {refusal.guard}"))
    problems = [tag("li", isolate(f"{each.location or ''} {each.message}")) for each in refusal.because]
    known = [(word.capitalize(), isolate(text)) for word, text in list_refusal_details(refusal, why.now, UTC)]
    rows = [*known, *([("Next", render_hint(refusal.hint))] if refusal.hint else [])]
    return tag(
        "li",
        head,
        tag("p", isolate(refusal.message)),
        tag("ul", *problems) if problems else "",
        render_facts(rows) if rows else "",
    )
