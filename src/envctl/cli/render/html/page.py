"""The report as one page. It holds no script, and nothing in it comes from elsewhere."""

from importlib.resources import files

from envctl import __version__
from envctl.cli.render.html import deployments, drift, gates, overview, pipeline, plans, releases
from envctl.cli.render.html.elements import Html, code, several, tag
from envctl.cli.render.html.signs import definitions
from envctl.cli.render.html.tables import facts
from envctl.cli.render.html.wording import moment
from envctl.cli.render.terminal.counting import counted
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.report import Report

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
SANDBOX = "SANDBOX"
SECTIONS = {
    "now": "Now",
    "pipeline": "Pipeline",
    "releases": "Releases",
    "gates": "Gates and guards",
    "deployments": "Deployments",
    "drift": "Drift",
    "plans": "Last plans",
}


def page(report: Report) -> str:
    document = tag("html", _head(report), _body(report), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def _head(report: Report) -> Html:
    mark = f"{SANDBOX}: " if report.sandbox else ""
    style = Html(files("envctl.cli.render.html").joinpath("style.css").read_text(encoding="utf-8"))
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{mark}{report.project}: envctl report"),
        tag("style", style),
    )


def _body(report: Report) -> Html:
    return tag(
        "body",
        tag("a", "Skip to the report", class_="skip", href="#main"),
        definitions(),
        _header(report),
        _nav(),
        tag(
            "main",
            overview.overview(report),
            pipeline.pipeline(report),
            releases.releases(report),
            gates.gates(report),
            deployments.deployments(report),
            drift.drift(report),
            plans.plans(report),
            id="main",
            tabindex=-1,
        ),
        _footer(report),
    )


def _header(report: Report) -> Html:
    warning = "an embedded AWS on one machine; nothing here is real"
    banner = tag("p", tag("strong", SANDBOX), f" {warning}", class_="sandbox") if report.sandbox else ""
    order = " → ".join(each.environment for each in report.status.environments)
    chain = (
        several(counted(report.entries, "entry"), " up to ", code(short(report.head))) if report.entries else "empty"
    )
    known = facts([("As of", several(moment(report.now), " UTC")), ("Ledger", chain), ("envctl", __version__)])
    title = tag("div", tag("h1", report.project), tag("p", order, class_="quiet"))
    return tag("header", banner, tag("div", title, known, class_="top"))


def _nav() -> Html:
    links = (tag("li", tag("a", title, href=f"#{name}")) for name, title in SECTIONS.items())
    return tag("nav", tag("ul", *links), aria_label="Sections")


def _footer(report: Report) -> Html:
    told = (
        "Made by envctl report, from the ledger and the project file alone: no plan was made for it."
        " All times are UTC. This page runs no script and loads nothing."
    )
    proof = several("It tells of the ledger up to the entry with the hash ", code(report.head), ". ")
    check = several(code("envctl ledger verify"), " checks the whole chain.")
    return tag("footer", tag("p", told), tag("p", proof, check) if report.entries else "")
