"""The HTML page of the report. It holds no script and loads no external resource."""

from importlib.resources import files

from envctl import __version__
from envctl.cli.render.html import deployments, drift, gates, overview, pipeline, plans, releases
from envctl.cli.render.html.elements import CONTENT_SECURITY_POLICY, Html, code, join, render_facts, tag
from envctl.cli.render.html.signs import render_sign_definitions
from envctl.cli.render.html.wording import render_moment
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.words.signing import describe_unsigned_status
from envctl.domain.command_lines import format_command
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.report import Report

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


def render_report(report: Report) -> str:
    document = tag("html", _render_head(report), _render_body(report), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def _render_head(report: Report) -> Html:
    mark = f"{SANDBOX}: " if report.sandbox else ""
    style = Html(files("envctl.cli.render.html").joinpath("style.css").read_text(encoding="utf-8"))
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=CONTENT_SECURITY_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{mark}{report.project}: envctl report"),
        tag("style", style),
    )


def _render_body(report: Report) -> Html:
    links = (tag("li", tag("a", title, href=f"#{name}")) for name, title in SECTIONS.items())
    return tag(
        "body",
        tag("a", "Skip to the report", class_="skip", href="#main"),
        render_sign_definitions(),
        _render_header(report),
        tag("nav", tag("ul", *links), aria_label="Sections"),
        tag(
            "main",
            overview.render_overview(report),
            pipeline.render_pipeline(report),
            releases.render_releases(report),
            gates.render_gates(report),
            deployments.render_deployments(report),
            drift.render_drift(report),
            plans.render_plans(report),
            id="main",
            tabindex=-1,
        ),
        _render_footer(report),
    )


def _render_header(report: Report) -> Html:
    warning = "an embedded AWS on one machine; no real resources"
    banner = tag("p", tag("strong", SANDBOX), f" {warning}", class_="sandbox") if report.sandbox else ""
    order = " → ".join(each.environment for each in report.status.environments)
    length = format_count(report.entries, "entry")
    chain = join(length, " up to ", code(shorten_id(report.head))) if report.entries else "empty"
    now = join(render_moment(report.now), " UTC")
    unsigned = describe_unsigned_status(report.status)
    authors = [("Signatures", unsigned)] if unsigned else []
    known = render_facts([("As of", now), ("Ledger", chain), *authors, ("envctl", __version__)])
    title = tag("div", tag("h1", report.project), tag("p", order, class_="quiet"))
    return tag("header", banner, tag("div", title, known, class_="top"))


def _render_footer(report: Report) -> Html:
    source = (
        "Made by envctl report, from the ledger and the project file only, without a plan."
        " All times are UTC. This page has no scripts and loads no other files."
    )
    proof = join("It shows the ledger up to the entry with the hash ", code(report.head), ". ")
    check = join(code(format_command("ledger verify")), " checks the whole chain.")
    return tag("footer", tag("p", source), tag("p", proof, check) if report.entries else "")
