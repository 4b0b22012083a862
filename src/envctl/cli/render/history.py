"""The ledger, newest entry first."""

from typing import assert_never

from rich.console import Console
from rich.table import Table

from envctl.cli.render.text import called, joined, plain, say, whole
from envctl.domain.guards import short
from envctl.domain.ledger import (
    Actor,
    ApprovalGiven,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    Entry,
    Event,
    ReleaseCreated,
)
from envctl.usecases.history import History, Verified

TABLE_FROM = 100


def show_history(history: History, out: Console) -> None:
    if not history.entries:
        about = f" about {history.environment}" if history.environment else ""
        say(out, f"The ledger says nothing{about} yet.")
        return
    if out.width >= TABLE_FROM:
        _table(history, out)
    else:
        for entry in history.entries:
            _in_two_lines(entry, out)
    if history.more:
        say(out, plain("… and older entries", "dim"))
    if not all(entry.actor.verified for entry in history.entries):
        say(out, plain("? unverified: nobody but that person's own machine vouches for the name", "dim"))


def show_verified(verified: Verified, out: Console) -> None:
    if not verified.entries:
        say(out, "The ledger is empty.")
        return
    entries = "its 1 entry fits" if verified.entries == 1 else f"all {verified.entries} entries fit"
    say(out, joined(("The ledger is whole: ", "green"), f"{entries} the chain."))
    whole(out, f"head {verified.head}", 2)


def _table(history: History, out: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("time (UTC)", no_wrap=True)
    table.add_column("who", max_width=24, overflow="fold")
    table.add_column("release", no_wrap=True)
    table.add_column("what", ratio=1, overflow="fold")
    for entry in history.entries:
        table.add_row(
            plain(str(entry.seq)),
            plain(f"{entry.at:%Y-%m-%d %H:%M}"),
            plain(_who(entry.actor)),
            plain(short(entry.event.release)),
            plain(_what(entry.event), _style(entry.event)),
        )
    out.print(table)


def _in_two_lines(entry: Entry, out: Console) -> None:
    when = f"{entry.at:%Y-%m-%d %H:%M}Z"
    head, who = plain(f"#{entry.seq:<3} {when}  {short(entry.event.release)}"), plain(f"  {_who(entry.actor)}")
    beside = head.cell_len + who.cell_len <= out.width
    say(out, head + who if beside else head)
    if not beside:
        say(out, _who(entry.actor), 5)
    say(out, plain(_what(entry.event), _style(entry.event)), 5)


def _who(actor: Actor) -> str:
    return called(actor) if actor.verified else f"{called(actor)} ?"


def _style(event: Event) -> str:
    match event:
        case DeploymentSucceeded():
            return "green"
        case DeploymentFailed() | DeploymentAbandoned():
            return "bold red"
        case _:
            return ""


def _what(event: Event) -> str:
    match event:
        case ReleaseCreated():
            if event.commit:
                also = " and uncommitted changes" if event.uncommitted else ""
                return f"release made of commit {event.commit[:10]}{also}"
            return "release made of an uncommitted tree"
        case DeploymentStarted():
            return (
                f"{event.action} {event.source} → {event.environment} began"
                if event.source
                else (f"{event.action} to {event.environment} began")
            )
        case DeploymentSucceeded():
            return f"{event.environment} runs it ({event.changed} changed)"
        case DeploymentFailed():
            if event.interrupted:
                return f"interrupted in {event.environment}{_kept(event)}"
            summary, _, _ = event.reason.partition("\n")
            return f"failed in {event.environment}{_kept(event)}: {summary}"
        case DeploymentAbandoned():
            return f"abandoned in {event.environment}: {event.reason}"
        case ApprovalGiven():
            return f"approved for {event.environment} (gate {event.gate})"
        case _:
            assert_never(event)


def _kept(event: DeploymentFailed) -> str:
    return f" after {', '.join(event.stacks)}" if event.stacks else ""
