"""Gates and guards: what each environment asks for, and what stands before its next change."""

from collections.abc import Iterator
from datetime import UTC, timedelta

from envctl.cli.render.console.approval.guards import circumstances, named, opens_by_itself
from envctl.cli.render.console.approval.why import conclusion, question
from envctl.cli.render.console.inspect.boxes import behind
from envctl.cli.render.console.inspect.status import with_before
from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, quiet, quoted, several, tag
from envctl.cli.render.html.signs import Sign, drawn, labelled
from envctl.cli.render.html.tables import facts, section
from envctl.cli.render.html.wording import moment, person, way_on
from envctl.cli.render.terminal.times import roughly
from envctl.domain.guards import Refusal
from envctl.usecases.approval.explain_refusal import Outcome, Why
from envctl.usecases.inspect.report import Asked, Outlook, Report
from envctl.usecases.inspect.status import EnvironmentStatus

_REFUSES, _LATER = Sign("failed", "bad", "refuses"), Sign("stopped", "doubt", "refuses for now")
_WARNS = Sign("doubt", "doubt", "warns")


def gates(report: Report) -> Html:
    pairs = zip(with_before(report.status), report.outlooks, strict=True)
    cards = (_card(outlook, status, before) for (status, before), outlook in pairs)
    return section("gates", "Gates and guards", tag("div", *cards, class_="stack"))


def _card(outlook: Outlook, status: EnvironmentStatus, before: str) -> Html:
    columns = tag("div", _asks(outlook), _next(outlook, status, before), class_="columns even")
    return tag("article", tag("h3", outlook.environment), columns, class_="card")


def _asks(outlook: Outlook) -> Html:
    approvals = tag("ul", *_approvals(outlook), class_="gates") if outlook.why.gates else several()
    gates_ = [] if outlook.why.gates else [("Gates", "none")]
    return tag("div", tag("h4", "Asks for"), approvals, facts([*gates_, *_rules(outlook.asked)]))


def _approvals(outlook: Outlook) -> Iterator[Html]:
    for gate, (given, wanted) in outlook.why.gates.items():
        sign = states.MET if given >= wanted else states.MISSING
        by = [several(person(each.by), ", ", moment(each.at)) for each in outlook.approvals if each.gate == gate]
        people = tag("ul", *(tag("li", quiet(each)) for each in by)) if by else several()
        yield tag("li", drawn(sign), tag("div", tag("b", gate), f" {given} of {wanted} {states.MET.word}", people))


def _rules(asked: Asked) -> Iterator[tuple[str, Html | str]]:
    """What is asked for beyond gates; what is not asked for is left out."""
    if asked.soak:
        yield "Soak", f"{_length(asked.soak)} verified in the environment before"
    if asked.max_age:
        yield "Proof", f"at most {_length(asked.max_age)} old"
    if asked.expires:
        yield "Approvals", f"hold for {_length(asked.expires)}"
    if asked.self_approval:
        yield "Approvals", "whoever made it may approve it too"
    if asked.windows:
        yield "Windows", tag("ul", *(tag("li", quoted(window)) for window in asked.windows))
    if asked.committed:
        yield "Code", "committed only"
    if asked.protected:
        yield "Protected", f"nothing that holds data goes away, and of the rest {asked.max_destroys} at most"
    if asked.may_differ is not None:
        yield "Parity", f"may differ in {', '.join(asked.may_differ) or 'nothing'}"
    if asked.rehearsed == "refuse":
        yield "Rehearsed", "nothing that was not done in the environment before"
    yield "Break-glass", f"may waive {named(asked.waivable)}" if asked.waivable else "waives nothing"


def _length(seconds: float) -> str:
    return roughly(timedelta(seconds=seconds))


def _next(outlook: Outlook, status: EnvironmentStatus, before: str) -> Html:
    why = outlook.why
    if before and not status.lag:
        told = (
            f"Nothing waits: {behind(status, before)}."
            if status.lag == 0
            else f"Nothing to promote: it {behind(status, before)}."
        )
        return tag("div", tag("h4", "Next change"), tag("p", told))
    tone = "ok" if not why.refusals else "doubt" if all(each.for_now for each in why.refusals) else "bad"
    answer = several(tag("b", conclusion(why), class_=tone), opens_by_itself(why.opens, why.now, UTC))
    said = (_refusal(each.refusal, why) for each in why.answers if each.refusal)
    way = several(tag("dt", "Next"), tag("dd", way_on(why.next)))
    return tag(
        "div",
        tag("h4", question(why)),
        tag("p", answer),
        tag("ul", *said, class_="refusals"),
        tag("dl", tag("div", way), *_others(why), class_="facts"),
    )


def _others(why: Why) -> Iterator[Html]:
    words: dict[Outcome, str] = {"passes": "Pass", "moot": "Moot", "unplanned": "Need a plan"}
    for outcome, word in words.items():
        codes = [answer.code for answer in why.answers if answer.outcome == outcome]
        if codes:
            yield tag("div", tag("dt", word), tag("dd", quiet(named(codes))))


def _refusal(refusal: Refusal, why: Why) -> Html:
    sign = _WARNS if refusal.warns else _LATER if refusal.for_now else _REFUSES
    head = tag("p", labelled(sign, f" {refusal.code} {refusal.guard}"))
    because = [tag("li", quoted(f"{each.location or ''} {each.message}")) for each in refusal.because]
    known = [(word.capitalize(), quoted(told)) for word, told in circumstances(refusal, why.now, UTC)]
    rows = [*known, *([("Next", way_on(refusal.hint))] if refusal.hint else [])]
    return tag(
        "li",
        head,
        tag("p", quoted(refusal.message)),
        tag("ul", *because) if because else "",
        facts(rows) if rows else "",
    )
