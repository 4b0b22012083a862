"""A reading as one HTML file: no script, no external resource, nothing cut and nothing folded."""

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


def render_reading(reading: Reading) -> str:
    title = describe_reading(reading)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=CONTENT_SECURITY_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", _CSS),
    )
    lines = (
        tag(
            "div",
            line.text,
            class_=_CLASSES.get(line.style),
            style=f"padding-left:{line.indent}ch" if line.indent else None,
        )
        for line in list_lines(reading, folds=False)
    )
    digest = tag("p", f"SHA-256 of what is shown: {reading.digest}")
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', tag('main', join(*lines)), digest), lang='en')}\n"
