"""The page of a report as text: well-formed, whole, without a script, and with nothing from elsewhere."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from envctl.cli.render.html.elements import VOID_ELEMENTS
from envctl.cli.render.html.page import SECTIONS, render_report
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.report import Report
from envctl.usecases.inspect.status import Status
from tests.cli.render.conftest import in_zone
from tests.cli.render.samples.reports import HOSTILE, REPORTS, broken, empty, hostile, long, rich

LOADING = {"script", "img", "iframe", "object", "embed", "audio", "video", "source", "base", "form", "input", "image"}
Attributes = dict[str, str]


class Page(HTMLParser):
    """Reads a page as strictly as it has to be written."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, Attributes]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"{tag} has an attribute twice"
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID_ELEMENTS:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.texts))

    def named(self, tag: str) -> list[Attributes]:
        return [attributes for name, attributes in self.elements if name == tag]


# Their histories are long in the making.
pytestmark = pytest.mark.slow


@pytest.fixture(params=list(REPORTS.values()), ids=list(REPORTS))
def any_report(request: pytest.FixtureRequest) -> Report:
    found: Callable[[], Report] = request.param
    return found()


def read(report: Report) -> Page:
    return Page(render_report(report))


def test_every_element_is_closed_and_every_section_present(any_report: Report) -> None:
    told = read(any_report)
    assert [each["id"] for each in told.named("section")] == list(SECTIONS)
    assert [each["href"] for each in told.named("a")] == ["#main", *(f"#{name}" for name in SECTIONS)]


def test_page_has_no_scripts_and_loads_nothing(any_report: Report) -> None:
    told = read(any_report)
    assert {name for name, _ in told.elements} & LOADING == set()
    attributes = [(key, value) for _, each in told.elements for key, value in each.items()]
    assert [key for key, _ in attributes if key.startswith("on")] == []
    addresses = [value for key, value in attributes if key in {"href", "src", "action", "data", "xlink:href"}]
    assert [address for address in addresses if not address.startswith("#")] == ["data:,"]
    assert "url(" not in render_report(any_report).replace(HOSTILE, "")
    assert "@import" not in render_report(any_report)


def test_content_policy_blocks_scripts_and_loading(any_report: Report) -> None:
    (policy,) = (each["content"] for each in read(any_report).named("meta") if "http-equiv" in each)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_ids_are_unique_and_references_resolve(any_report: Report) -> None:
    told = read(any_report)
    names = Counter(each["id"] for _, each in told.elements if "id" in each)
    assert [name for name, number in names.items() if number > 1] == []
    referred = [each["href"][1:] for name, each in told.elements if name in {"a", "use"}]
    referred += [word for _, each in told.elements for word in each.get("aria-labelledby", "").split()]
    assert set(referred) <= set(names)


def test_tables_and_pictures_can_be_read_aloud(any_report: Report) -> None:
    told = read(any_report)
    assert len(told.named("caption")) == len(told.named("table"))
    assert all(each.get("scope") in {"col", "row"} for each in told.named("th"))
    for picture in told.named("svg"):
        assert picture.get("role") == "img" or picture.get("aria-hidden") == "true"
    regions = [each for each in told.named("div") if each.get("role") == "region"]
    assert all(each["tabindex"] == "0" and each["aria-label"] for each in regions)


def test_report_bytes_are_independent_of_the_machine(any_report: Report) -> None:
    first = render_report(any_report)
    with in_zone("Asia/Tokyo"):
        assert render_report(any_report) == first
    first.encode()


def test_hostile_text_stays_text() -> None:
    text = render_report(hostile())
    assert "<script" not in text
    assert "<img" not in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert text.count("</style>") == 1
    assert "</style></script><script>alert(1)</script>" in read(hostile()).text


def test_full_report_shows_everything() -> None:
    text = read(rich()).text
    for told in (
        "2026-11-25 01:40 UTC",
        "94 entries",
        "3 releases behind staging",
        "debt: break-glass",
        "load test until noon, ask me first",
        "2 differences",
        "business 0 of 1 given",
        "cat@example.com (unverified), 2026-11-24 16:40",
        "G103 verified",
        'deny window "year end"',
        "rolled back, verified",
        "on hold: rolled back to",
        "112 to create, 5 to update",
        "and 17 more resources",
        "aws_autoscaling_group.this",
        "envctl approve prod --gate business",
    ):
        assert told in text


def test_approval_shows_until_when_it_counts() -> None:
    report = rich()
    outlook = next(each for each in report.outlooks if each.approvals)
    expiring = replace(outlook, asked=outlook.asked.model_copy(update={"expires": timedelta(hours=8)}))
    ends = outlook.approvals[0].at + timedelta(hours=8)
    shown = Page(render_report(replace(report, outlooks=(expiring,), status=_only(report, outlook.environment)))).text
    assert f"valid until {ends:%Y-%m-%d %H:%M}" in shown


def _only(report: Report, environment: str) -> Status:
    kept = tuple(each for each in report.status.environments if each.environment == environment)
    return replace(report.status, environments=kept)


def test_each_release_has_a_row_with_current_marked() -> None:
    told = read(rich())
    assert [each for each in told.named("td") if each.get("class") == "runs"] != []
    for row in rich().releases:
        assert shorten_id(row.release.release) in told.text


def test_releases_are_named_in_table_and_pipeline() -> None:
    report = rich()
    first, others = report.releases[0], report.releases[1:]
    named = replace(first.release, subject="Trace <logs>", request=42)
    dev = replace(report.status.environments[0], release=named)
    status = replace(report.status, environments=(dev, *report.status.environments[1:]))
    text = read(replace(report, status=status, releases=(replace(first, release=named), *others))).text
    assert text.count('"Trace <logs>" · #42') == 2


def test_missing_plan_is_not_shown_as_empty() -> None:
    text = read(broken()).text
    assert text.count("plan not stored") == 2
    assert "no resource changes" not in text


def test_unchecked_environment_is_not_shown_as_clean() -> None:
    text = read(broken()).text
    assert "not checked since the last deployment" in text
    assert "no drift found" not in text


def test_empty_ledger_shows_the_next_command() -> None:
    text = read(empty()).text
    assert "No deployments yet." in text
    assert "envctl apply dev" in text
    assert "no drift found" not in text


def test_long_history_is_truncated_with_a_note() -> None:
    text = read(long()).text
    assert "The last 50 deployments" in text
    assert "Older deployments are left off." in text
    assert "40 older releases left off." in text


def test_sandbox_is_named_in_page_and_title() -> None:
    sandboxed = replace(rich(), sandbox=True)
    assert "<title>SANDBOX: shop" in render_report(sandboxed)
    assert "SANDBOX an embedded AWS" in read(sandboxed).text
    assert "SANDBOX" not in read(rich()).text


def test_marks_at_the_same_time_do_not_overlap() -> None:
    picture = render_report(long()).split('aria-labelledby="lanes-title lanes-desc"')[1].split("</svg>")[0]
    places = [float(x) for x in re.findall(r'<use href="#sign-\w+" x="([\d.]+)"', picture)]
    assert len(places) == 50
    assert all(after - before >= 16 for before, after in pairwise(places))
    assert max(places) < 1168


def test_number_of_ticks_is_bounded_over_years() -> None:
    later = replace(rich(), now=rich().now + timedelta(days=4000))
    picture = render_report(later).split('aria-labelledby="lanes-title lanes-desc"')[1].split("</svg>")[0]
    assert 2 <= picture.count('class="grid"') <= 12
