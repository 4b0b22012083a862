"""Releases and where they are: one row a release, the newest first."""

from datetime import datetime

from envctl.cli.render.html import states
from envctl.cli.render.html.elements import Html, quiet, quoted, several, spoken, tag
from envctl.cli.render.html.signs import drawn, labelled
from envctl.cli.render.html.tables import cell, section, table
from envctl.cli.render.html.wording import commit, moment, past, person, release
from envctl.cli.render.terminal.counting import counted
from envctl.domain.ledger.release_matrix import ReleaseRow, Stay
from envctl.usecases.inspect.report import Report

NAMES, CELL = 25, 10
NAME = "Release, and when it was made"
CAPTION = "Each release in each environment, newest first, with when it was last deployed there"


def releases(report: Report) -> Html:
    if not report.releases:
        return section("releases", "Releases and where they are", tag("p", "No release was made yet."))
    order = [each.environment for each in report.status.environments]
    rows = ([_named(row), *(_stay(row.stays[name], report.now) for name in order)] for row in report.releases)
    left = f"{counted(report.more_releases, 'older release')} left off." if report.more_releases else ""
    style = f"min-width: {NAMES + len(order) * CELL}rem"
    shown = table(CAPTION, [NAME, *order], rows, "matrix", style)
    return section("releases", "Releases and where they are", shown, note=left)


def _named(row: ReleaseRow) -> Html:
    made = several(moment(row.release.at), " by ", person(row.release.by))
    of = tag("span", commit(row.release), class_="quiet beside")
    return several(release(row.release.release), " ", of, tag("span", made, class_="quiet under"))


def _stay(stay: Stay, now: datetime) -> Html:
    sign = states.of_stay(stay)
    if sign is None:
        unknown = stay.standing == "unknown"
        told = "not known: longer ago than this report looks" if unknown else "never deployed"
        nothing = tag("span", "?" if unknown else "·", aria_hidden="true", class_="quiet", title=told)
        return cell(nothing, spoken(told), _held(stay), class_="empty")
    when = several(" ", past(stay.at, now)) if stay.at else several()
    why = (
        tag("span", quoted(stay.revoked), class_="quiet under")
        if stay.revoked and stay.standing == "runs"
        else several()
    )
    return cell(labelled(sign, quiet(when)), why, _held(stay), class_="runs" if stay.standing == "runs" else sign.tone)


def _held(stay: Stay) -> Html:
    if stay.hold is None:
        return several()
    told = tag("span", tag("b", states.ON_HOLD.word), ": ", quoted(stay.hold.reason))
    return tag("div", tag("span", drawn(states.ON_HOLD), told, class_="labelled doubt"), class_="under")
