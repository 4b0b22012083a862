"""Planned steps for the buckets of envctl."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.text import join_text, print_item
from envctl.usecases.ports.bucket_report import BucketReport


def show_planned_buckets(buckets: Sequence[BucketReport], out: Console) -> None:
    for position, bucket in enumerate(buckets):
        if position:
            out.print()
        print_item(out, render_bucket_name(bucket))
        for step in bucket.steps:
            print_item(out, "  ", ("+", "green"), f" {step}", indent=4)


def render_bucket_name(bucket: BucketReport) -> Text:
    what = "the store" if bucket.purpose == "store" else f"states of {', '.join(bucket.environments)}"
    where = f"account {bucket.account_id}, {bucket.region}" if bucket.account_id else bucket.region
    return join_text((bucket.name, "bold"), f": {what} ({where})")
