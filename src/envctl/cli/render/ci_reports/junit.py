"""Verdicts as JUnit XML, as far as its readers agree: Jenkins, GitLab and the reporters for GitHub.

https://github.com/testmoapp/junitxml
"""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from envctl.cli.render.ci_reports.verdicts import Verdict

# What XML 1.0 can't hold, not even escaped.
_IMPOSSIBLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(verdicts: Sequence[Verdict]) -> str:
    """One suite for each environment and kind of question; where nothing was asked there is none."""
    top = ElementTree.Element("testsuites", {"name": "envctl"} | _counted(verdicts))
    for name in dict.fromkeys(verdict.suite for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.suite == name]
        suite = ElementTree.SubElement(top, "testsuite", {"name": _possible(name)} | _counted(own))
        for verdict in own:
            _case(suite, verdict)
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=False) + "\n"


def _counted(verdicts: Sequence[Verdict]) -> dict[str, str]:
    outcomes = [verdict.outcome for verdict in verdicts]
    return {
        "tests": f"{len(outcomes)}",
        "failures": f"{outcomes.count('failed')}",
        "errors": f"{outcomes.count('unknown')}",
        "skipped": f"{outcomes.count('skipped')}",
        "time": f"{sum(verdict.seconds for verdict in verdicts):.3f}",
    }


def _case(suite: ElementTree.Element, verdict: Verdict) -> None:
    place = verdict.location
    where = {"file": _possible(place.file), "line": f"{place.line or 1}"} if place else {}
    names = {"name": _possible(verdict.name), "classname": _possible(verdict.suite)}
    case = ElementTree.SubElement(suite, "testcase", names | {"time": f"{verdict.seconds:.3f}"} | where)
    told = _possible("\n".join(filter(None, (verdict.message, verdict.hint))))
    match verdict.outcome:
        case "failed" | "unknown":
            kind = "failure" if verdict.outcome == "failed" else "error"
            ElementTree.SubElement(case, kind, type=verdict.rule, message=_possible(verdict.message)).text = told
        case "skipped":
            ElementTree.SubElement(case, "skipped", message=_possible(verdict.message))
        case "warned":
            # There is no such thing in JUnit: it passes, and what was remarked is its output.
            ElementTree.SubElement(case, "system-out").text = told
        case "passed":
            pass


def _possible(text: str) -> str:
    return _IMPOSSIBLE.sub("\ufffd", text)
