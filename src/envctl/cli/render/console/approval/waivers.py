"""Waivers and their reviews as text."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_hint, print_item, print_text
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.sentences import format_actor
from envctl.cli.render.text.times import format_time
from envctl.cli.render.words.approval.guards import format_guards
from envctl.domain.release_label import format_label_or_id
from envctl.usecases.approval.waivers import WaiverResult, WaiverReview


def show_waiver(given: WaiverResult, out: Console) -> None:
    waiver = given.waiver
    release = format_label_or_id(given.label, waiver.release)
    until = f"until {format_time(waiver.ends_at)}: {to_one_line(waiver.reason)}"
    print_text(
        out, (given.environment, "bold"), f" has waiver {waiver.number} of {format_guards(waiver.guards)}, {until}"
    )
    print_text(out, f"One deployment of release {release} may use it. Another person reviews it afterwards.")
    for mark, refusals in (("overridden: ", given.overridden), ("still refused: ", given.remaining)):
        for refusal in refusals:
            print_item(out, mark, (format_guards((refusal.code,)), "bold"), f": {to_one_line(refusal.message)}")
    print_hint(out, given.next)


def show_review(review: WaiverReview, out: Console) -> None:
    for debt in review.reviewed:
        by = f"used by {format_actor(debt.by)} {format_time(debt.at)}"
        print_text(
            out, f"Waiver {debt.waiver} in ", (review.environment, "bold"), f", {by}, is reviewed: the debt ends."
        )
    print_hint(out, review.next)
