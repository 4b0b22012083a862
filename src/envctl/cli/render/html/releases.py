"""The releases section: one row per release, newest first, and one column per environment."""

from datetime import datetime

from envctl.cli.render.html import states, wording
from envctl.cli.render.html.elements import Html, dim, isolate, join, render_section, render_table, tag
from envctl.cli.render.html.signs import render_label, render_sign
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.words.release_changes import describe_commit
from envctl.domain.ledger.projection.release_matrix import Stay
from envctl.domain.ledger.state import to_label
from envctl.usecases.inspect.report import Report

NAME_WIDTH, CELL_WIDTH = 25, 10
NAME_HEAD = "Release, and its time"
CAPTION = "Each release in each environment, newest first, with the time of its last deployment there"


def render_releases(report: Report) -> Html:
    if not report.releases:
        return render_section("releases", "Releases and their environments", tag("p", "No releases yet."))
    order = [each.environment for each in report.status.environments]
    rows = []
    for row in report.releases:
        made = join(wording.render_moment(row.release.at), " by ", wording.render_person(row.release.by))
        origin = tag("span", describe_commit(row.release), class_="quiet beside")
        label = wording.render_label_name(to_label(row.release))
        name = join(
            wording.render_release(row.release.release), label, " ", origin, tag("span", made, class_="quiet under")
        )
        rows.append([name, *(_render_stay(row.stays[environment], report.now) for environment in order)])
    note = f"{format_count(report.more_releases, 'older release')} left off." if report.more_releases else ""
    style = f"min-width: {NAME_WIDTH + len(order) * CELL_WIDTH}rem"
    shown = render_table(CAPTION, [NAME_HEAD, *order], rows, "matrix", style)
    return render_section("releases", "Releases and their environments", shown, note=note)


def _render_stay(stay: Stay, now: datetime) -> Html:
    sign = states.choose_stay_sign(stay)
    if sign is None:
        unknown = stay.standing == "unknown"
        description = "unknown: older than this report" if unknown else "never deployed"
        placeholder = tag("span", "?" if unknown else "·", aria_hidden="true", class_="quiet", title=description)
        for_screen_readers = tag("span", description, class_="spoken")
        return tag("td", placeholder, for_screen_readers, _render_hold(stay), class_="empty")
    when = join(" ", wording.render_age(stay.at, now)) if stay.at else join()
    reason = (
        tag("span", isolate(stay.revoked), class_="quiet under") if stay.revoked and stay.standing == "runs" else join()
    )
    class_ = "runs" if stay.standing == "runs" else sign.tone
    return tag("td", render_label(sign, dim(when)), reason, _render_hold(stay), class_=class_)


def _render_hold(stay: Stay) -> Html:
    if stay.hold is None:
        return join()
    label = tag("span", tag("b", states.ON_HOLD.word), ": ", isolate(stay.hold.reason))
    return tag("div", tag("span", render_sign(states.ON_HOLD), label, class_="labelled doubt"), class_="under")
