"""Given approvals, and what an approver read."""

from rich.console import Console

from envctl.cli.render.terminal.reading import write_lines
from envctl.cli.render.terminal.text import print_item, print_text
from envctl.cli.render.text.sentences import format_actor
from envctl.cli.render.text.times import format_time
from envctl.cli.render.words.reading import list_lines
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.lists import join_names
from envctl.usecases.approval.approval_pages import ApprovalPage, Approvals, ListedApproval


def show_approvals(listed: Approvals, out: Console) -> None:
    if not listed.approvals:
        print_text(out, f"No approvals{f' for {listed.environment}' if listed.environment else ''}.")
    for each in listed.approvals:
        print_item(out, (f"{each.number:>5}  ", "bold"), describe_approval(each), indent=7)
    if listed.more:
        print_text(out, ("Older ones may exist: --limit", "dim"))


def show_approval_page(shown: ApprovalPage, out: Console) -> None:
    print_text(out, (f"Approval {shown.approval.number}: ", "bold"), describe_approval(shown.approval))
    out.print()
    write_lines(list_lines(shown.page, folds=False), out)


def describe_approval(each: ListedApproval) -> str:
    unseen = f", unseen: {join_names(each.unseen)}" if each.unseen else ""
    what = format_label_or_id(each.label, each.release) if each.release else "its rules"
    gate = f" ({each.gate})" if each.gate else ""
    kept = "" if each.reading else "; nothing was kept of what was read"
    return f"{format_time(each.at)}  {each.environment}{gate} by {format_actor(each.by)}: {what}{unseen}{kept}"
