"""`python -m benchmarks.picture`: draws docs/performance.svg, and writes the figures of docs/performance.md.

Both come from the tables of docs/performance-results.md.
"""

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
RESULTS, PICTURE, PAGE = DOCS / "performance-results.md", DOCS / "performance.svg", DOCS / "performance.md"
_ONE = "One environment of one stack"
_THREE = "Three environments of one stack"
_TWELVE = "One environment of 12 stacks, {} ms"
_LOOP = "envctl plan / a shell loop"
# What a bar is called, the heading of its table, and the beginning of its row.
ROWS = (
    ("plan of one stack", _ONE, "plan without changes"),
    ("plan with changes", _ONE, "plan with changes"),
    ("first init and plan", _ONE, "cold init + plan"),
    ("three environments", _THREE, "0 ms"),
    ("three environments, API 200 ms away", _THREE, "200 ms"),
    ("twelve stacks", _TWELVE.format(0), _LOOP),
    ("twelve stacks, API 200 ms away", _TWELVE.format(200), _LOOP),
)
_LEFT, _UNIT, _STEP, _TOP, _BAR = 280, 560, 38, 62, 24
_WIDTH = 1000
_STYLE = """
    .card { fill: #ffffff; stroke: #d0d7de; }
    .bar { fill: #0b5cad; }
    .plain { stroke: #57606a; stroke-width: 1.5; stroke-dasharray: 5 4; }
    text { font: 14px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #1f2328; }
    .quiet { fill: #57606a; font-size: 13px; }
    .end { text-anchor: end; }
    .middle { text-anchor: middle; }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #30363d; }
      .bar { fill: #58a6ff; }
      .plain { stroke: #8b949e; }
      text { fill: #e6edf3; }
      .quiet { fill: #9ea7b3; }
    }
"""


@dataclass(frozen=True)
class Bar:
    """`ratio` is the wall time of envctl to that of plain Terraform."""

    name: str
    ratio: float


def read_bars(text: str) -> list[Bar]:
    """The bars from the tables of a page. Raises LookupError for a row that is not there."""
    tables = {part.partition("\n")[0]: part for part in re.split(r"^#{2,3} ", text, flags=re.MULTILINE)}
    bars = []
    for name, heading, row in ROWS:
        found = re.search(rf"^\| {re.escape(row)}[^|]*\| ([\d.]+) \|", _find(tables, heading), re.MULTILINE)
        if not found:
            raise LookupError(f"no row {row!r} below {heading!r}")
        bars.append(Bar(name, float(found[1])))
    return bars


def _find(tables: dict[str, str], heading: str) -> str:
    return next((text for title, text in tables.items() if title.startswith(heading)), "")


def draw(bars: list[Bar]) -> str:
    height = _TOP + _STEP * len(bars) + 14
    told = ". ".join(f"{bar.name}: {bar.ratio:.2f}" for bar in bars)
    plain = _LEFT + _UNIT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}"',
        f'  height="{height}" role="img" aria-labelledby="title desc">',
        '  <title id="title">Time of envctl to that of plain Terraform</title>',
        f'  <desc id="desc">Plain Terraform, one plan after the other, is 1. {escape(told)}.</desc>',
        f"  <style>{_STYLE}  </style>",
        f'  <rect class="card" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="8"/>',
        f'  <text class="quiet middle" x="{plain}" y="26">plain Terraform, one plan after the other</text>',
        f'  <text class="quiet middle" x="{plain}" y="44">1.00</text>',
    ]
    for number, bar in enumerate(bars):
        top = _TOP + _STEP * number
        middle = top + _BAR - 7
        lines += [
            f'  <text class="end" x="{_LEFT - 12}" y="{middle}">{escape(bar.name)}</text>',
            f'  <rect class="bar" x="{_LEFT}" y="{top}" width="{bar.ratio * _UNIT:.0f}" height="{_BAR}" rx="3"/>',
            f'  <text x="{_LEFT + bar.ratio * _UNIT + 8:.0f}" y="{middle}">{bar.ratio:.2f}</text>',
        ]
    lines += [f'  <path class="plain" d="M{plain} 50 V{height - 12}"/>', "</svg>", ""]
    return "\n".join(lines)


def write_figures(page: str, bars: list[Bar]) -> str:
    """The page with these figures. Raises LookupError for a row that it does not have."""
    for bar in bars:
        page, count = re.subn(rf"(?m)^(\| {re.escape(bar.name)} \|) [^|]* \|$", rf"\1 {bar.ratio:.2f} |", page)
        if count != 1:
            raise LookupError(f"the page has {count} rows {bar.name!r}")
    return page


def main() -> None:
    bars = read_bars(RESULTS.read_text())
    PICTURE.write_text(draw(bars))
    PAGE.write_text(write_figures(PAGE.read_text(), bars))


if __name__ == "__main__":
    main()
