"""Readings as one HTML file: no script, no external resource, nothing cut and nothing folded."""

from collections.abc import Iterator, Sequence

from envctl.cli.render.html.elements import CONTENT_SECURITY_POLICY, Html, join, tag
from envctl.cli.render.words.reading import Style, describe_reading, list_lines
from envctl.domain.reading.reading import Reading

_CLASSES: dict[Style, str] = {"head": "h", "bad": "b", "warn": "w", "good": "g", "dim": "d"}
_CSS = Html(
    ":root{color-scheme:light dark}"
    "body{font:14px/1.5 ui-monospace,monospace;margin:2rem auto;max-width:110ch;padding:0 1rem}"
    "main>div{white-space:pre-wrap;overflow-wrap:anywhere;min-height:1.5em;unicode-bidi:isolate}"
    ".h{font-weight:bold}.b{color:light-dark(#b00020,#ff8a80);font-weight:bold}.w{color:light-dark(#8a5a00,#ffd180)}"
    ".g{color:light-dark(#1b6e20,#a5d6a7)}.d{opacity:.75}"
)


def render_readings(readings: Sequence[Reading]) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=CONTENT_SECURITY_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", describe_reading(readings[0])),
        tag("style", _CSS),
    )
    body = tag("body", *(part for reading in readings for part in _render_reading(reading)))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _render_reading(reading: Reading) -> Iterator[Html]:
    lines = (
        tag(
            "div",
            line.text,
            class_=_CLASSES.get(line.style),
            style=f"padding-left:{line.indent}ch" if line.indent else None,
        )
        for line in list_lines(reading, folds=False)
    )
    yield tag("main", join(*lines))
    yield tag("p", f"SHA-256 of what is shown: {reading.digest}")
