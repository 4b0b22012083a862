"""The buckets that envctl needs: what will be made of each, and what was seen of it in the end."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.findings import name_width, show_findings
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import hanging, hinted, joined, plain, say
from envctl.domain.errors import ExitCode, Problem
from envctl.domain.findings import Finding
from envctl.usecases.account.bootstrap import Bootstrap
from envctl.usecases.ports.bucket_report import BucketReport


def show_intended(buckets: Sequence[BucketReport], out: Console) -> None:
    for position, bucket in enumerate(buckets):
        if position:
            out.print()
        hanging(out, _head(bucket))
        for step in bucket.steps:
            hanging(out, joined("  ", ("+", "green"), f" {step}"), 4)


def show_bootstrap(found: Bootstrap, out: Console) -> None:
    for remark in found.needless:
        hanging(out, joined(("- ", "dim"), remark))
    shown = [bucket for bucket in found.buckets if found.mode != "planned" or bucket.steps or bucket.problems]
    for position, bucket in enumerate(shown):
        if position or found.needless:
            out.print()
        if found.mode == "planned":
            show_intended([bucket], out)
            show_problems(bucket.problems, out, "error", "bold red", 2)
        else:
            _seen(bucket, found, out)
    if shown:
        out.print()
    text, style = conclusion(found)
    say(out, plain(text, style))
    hinted(out, found.next)


def _seen(bucket: BucketReport, found: Bootstrap, out: Console) -> None:
    """What is as it should be is said in a few words, and whatever is not has lines of its own."""
    findings, problems = _of(bucket, found)
    amiss = [finding for finding in findings if finding.verdict != "good"]
    mark = ("✗ ", "bold red") if problems else ("! ", "bold yellow") if amiss else ("✓ ", "green")
    hanging(out, joined(mark).append_text(_head(bucket)))
    show_problems(problems, out, "error", "bold red", 2)
    show_findings(amiss, out, name_width(findings))
    # That it is there, and where, is in the head.
    good = [f"{each.name} {each.seen}" for each in findings if each.verdict == "good" and each.name != "bucket"]
    if good:
        say(out, plain(" · ".join(good), "dim"), 2)


def _of(bucket: BucketReport, found: Bootstrap) -> tuple[tuple[Finding, ...], tuple[Problem, ...]]:
    """All that is known of it: of the store, what came of the trial as well."""
    if bucket.purpose != "store":
        return bucket.findings, bucket.problems
    trial = (found.create_only,) if found.create_only else ()
    return (*bucket.findings, *trial), (*bucket.problems, *found.refused)


def _head(bucket: BucketReport) -> Text:
    what = "the store" if bucket.purpose == "store" else f"states of {', '.join(bucket.environments)}"
    where = f"account {bucket.account_id}, {bucket.region}" if bucket.account_id else bucket.region
    return joined((bucket.name, "bold"), f": {what} ({where})")


def conclusion(found: Bootstrap) -> tuple[str, str]:
    if not found.buckets:
        return "Nothing to make.", ""
    if found.mode == "planned":
        return _planned(found), ""
    if found.exit_code is ExitCode.DONE:
        return _whole(found), "green"
    return _amiss(found), "bold red" if found.exit_code is ExitCode.FAILED else "bold yellow"


def _planned(found: Bootstrap) -> str:
    steps = sum(len(bucket.steps) for bucket in found.buckets)
    if not steps and not found.problems:
        return _whole(found)
    rest = " Not everything could be looked at." if found.problems else ""
    return f"Nothing was done. To do: {counted(steps, 'step')}.{rest}"


def _amiss(found: Bootstrap) -> str:
    differ = sum(bucket.outcome in ("differs", "missing") for bucket in found.buckets)
    failed = sum(bool(_of(bucket, found)[1]) or bucket.outcome == "unknown" for bucket in found.buckets)
    parts = [
        f"{counted(differ, 'bucket')} missing, or weaker than {_they(differ)} should be" if differ else "",
        f"{counted(failed, 'bucket')} with something that could not be looked at or done" if failed else "",
    ]
    said = "; ".join(filter(None, parts)) or "nobody knows yet whether anything in the store can be written over"
    return f"{said[0].upper()}{said[1:]}."


def _whole(found: Bootstrap) -> str:
    return f"{counted(len(found.buckets), 'bucket')}, as {_they(len(found.buckets))} should be."


def _they(number: int) -> str:
    return "it" if number == 1 else "they"
