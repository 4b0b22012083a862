"""Buckets of envctl: planned steps and findings."""

from rich.console import Console

from envctl.cli.render.terminal.buckets import render_bucket_name, show_planned_buckets
from envctl.cli.render.terminal.findings import measure_name_width, show_findings
from envctl.cli.render.terminal.text import join_text, print_hint, print_item, print_text, show_problems
from envctl.cli.render.text.sentences import format_count, join_clauses
from envctl.domain.errors import Problem
from envctl.domain.exit_codes import ExitCode
from envctl.domain.findings import Finding
from envctl.usecases.account.bootstrap import Bootstrap
from envctl.usecases.ports.bucket_report import BucketReport


def show_bootstrap(result: Bootstrap, out: Console) -> None:
    for remark in result.needless:
        print_item(out, ("- ", "dim"), remark)
    shown = [bucket for bucket in result.buckets if result.mode != "planned" or bucket.steps or bucket.problems]
    for position, bucket in enumerate(shown):
        if position or result.needless:
            out.print()
        if result.mode == "planned":
            show_planned_buckets([bucket], out)
            show_problems(bucket.problems, out, "error", "bold red", 2)
        else:
            _show_bucket(bucket, result, out)
    if shown:
        out.print()
    text, style = format_conclusion(result)
    print_text(out, (text, style))
    print_hint(out, result.next)


def _show_bucket(bucket: BucketReport, result: Bootstrap, out: Console) -> None:
    """Print the findings of a bucket: good ones on one line, others on their own lines."""
    findings, problems = _collect_findings(bucket, result)
    faulty = [finding for finding in findings if finding.verdict != "good"]
    mark = ("✗ ", "bold red") if problems else ("! ", "bold yellow") if faulty else ("✓ ", "green")
    print_item(out, join_text(mark).append_text(render_bucket_name(bucket)))
    show_problems(problems, out, "error", "bold red", 2)
    show_findings(faulty, out, measure_name_width(findings))
    # The header already shows the bucket.
    good = [f"{each.name} {each.seen}" for each in findings if each.verdict == "good" and each.name != "bucket"]
    if good:
        print_text(out, (" · ".join(good), "dim"), indent=2)


def _collect_findings(bucket: BucketReport, result: Bootstrap) -> tuple[tuple[Finding, ...], tuple[Problem, ...]]:
    """Return findings and problems of a bucket; those of the store include the test of conditional writes."""
    if bucket.purpose != "store":
        return bucket.findings, bucket.problems
    test = (result.create_only,) if result.create_only else ()
    return (*bucket.findings, *test), (*bucket.problems, *result.refused)


def format_conclusion(result: Bootstrap) -> tuple[str, str]:
    """Return a conclusion with its style."""
    number = len(result.buckets)
    if not number:
        return "No buckets needed.", ""
    steps = sum(len(bucket.steps) for bucket in result.buckets)
    if result.mode == "planned" and (steps or result.problems):
        rest = " Some of it could not be checked." if result.problems else ""
        return f"No changes made. To do: {format_count(steps, 'step')}.{rest}", ""
    if result.mode == "planned" or result.exit_code is ExitCode.DONE:
        text = f"Ready: {format_count(number, 'bucket')}."
        return text, "" if result.mode == "planned" else "green"
    return _summarize_faults(result), "bold red" if result.exit_code is ExitCode.FAILED else "bold yellow"


def _summarize_faults(result: Bootstrap) -> str:
    differ = sum(bucket.outcome in ("differs", "missing") for bucket in result.buckets)
    failed = sum(bool(_collect_findings(bucket, result)[1]) or bucket.outcome == "unknown" for bucket in result.buckets)
    parts = []
    if differ:
        pronoun = "it" if differ == 1 else "they"
        parts.append(f"{format_count(differ, 'bucket')} missing, or weaker than {pronoun} should be")
    if failed:
        parts.append(f"{format_count(failed, 'bucket')} not completely checked or changed")
    return f"{join_clauses(parts) or 'The write protection of the store is not tested yet'}."
