"""Where the time of a command went, from what `--trace` wrote."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_SECOND = 1e6
# Bars about packages and the start of providers: envctl compares and starts them, or says why Terraform does.
_PROVIDERS = ("comparison of packages", "ordinary init: ", "check of providers", "providers")
_ORDINARY = "ordinary start of providers: "


@dataclass(frozen=True)
class Span:
    name: str
    lane: str
    begin: float
    end: float

    @property
    def of_terraform(self) -> bool:
        """Only what is done for a unit has a lane with the name of one."""
        return "/" in self.lane and not self.name.startswith((*_PROVIDERS, _ORDINARY)) and "." not in self.name


@dataclass(frozen=True)
class Trace:
    """Seconds since envctl was started."""

    spans: Sequence[Span]

    @property
    def total(self) -> float:
        return max(span.end for span in self.spans)

    @property
    def terraform(self) -> list[Span]:
        return [span for span in self.spans if span.of_terraform]

    def commands(self) -> Counter[str]:
        """How many processes of Terraform, by what they did."""
        return Counter(span.name for span in self.terraform)

    def starts(self) -> str:
        """How many stacks got providers of envctl, and why how many processes of Terraform did not."""
        names = Counter(span.name for span in self.spans if "/" in span.lane)
        reasons = {name.removeprefix(_ORDINARY): count for name, count in names.items() if name.startswith(_ORDINARY)}
        ordinary = "".join(f"; {count} ordinary ({reason})" for reason, count in reasons.items())
        return f"providers: {names['providers']} starts by envctl{ordinary}"

    def own(self) -> Counter[str]:
        """Seconds of what envctl asked of the world itself, by port; what is done within something else counts once."""
        found: Counter[str] = Counter()
        for span in _outermost(span for span in self.spans if "." in span.name):
            found[span.name.partition(".")[0]] += span.end - span.begin  # type: ignore[assignment]
        return found

    def lines(self) -> list[str]:
        if not self.terraform:
            return [f"{self.total:.2f} s without any Terraform: {_seconds(self.own())}"]
        first, last = min(span.begin for span in self.terraform), max(span.end for span in self.terraform)
        at_once = sum(span.end - span.begin for span in self.terraform) / (last - first)
        ran = ", ".join(f"{count} {name}" for name, count in self.commands().most_common())
        while_any = f"{last - first:.2f} s while any does ({ran}; {at_once:.1f} at once on average)"
        after = f"{self.total - last:.2f} s after the last"
        return [
            f"{self.total:.2f} s: {first:.2f} s until the first Terraform runs, {while_any}, {after}",
            f"what envctl itself asked for: {_seconds(self.own())}",
            self.starts(),
        ]


def read(file: Path) -> Trace:
    events = json.loads(file.read_text())["traceEvents"]
    lanes = {event["tid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    spans = [
        Span(e["name"], lanes[e["tid"]], e["ts"] / _SECOND, (e["ts"] + e["dur"]) / _SECOND)
        for e in events
        if e["ph"] == "X"
    ]
    return Trace(spans)


def _outermost(spans: Iterator[Span]) -> Iterator[Span]:
    end: dict[str, float] = {}
    for span in sorted(spans, key=lambda span: (span.begin, -span.end)):
        if span.begin >= end.get(span.lane, 0.0):
            end[span.lane] = span.end
            yield span


def _seconds(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in counted.most_common(5)) or "nothing"
