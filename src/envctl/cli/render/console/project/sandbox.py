"""State of the sandbox."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_hint, print_nowrap, print_text
from envctl.cli.results import SandboxState

STATE_TEXTS = {
    "running": "The sandbox is running",
    "died": "The sandbox has stopped unexpectedly, and its contents are lost",
    "stopped": "The sandbox is stopped, and its contents are deleted",
    "off": "The sandbox is off",
}


def show_sandbox(state: SandboxState, out: Console) -> None:
    since = f" since {state.started_at}" if state.started_at else ""
    style = {"running": "green", "died": "bold red"}.get(state.state, "")
    print_text(out, (STATE_TEXTS.get(state.state, f"The sandbox is {state.state}"), style), f"{since}.")
    if state.proxy_url:
        print_nowrap(out, f"proxy {state.proxy_url}", indent=2)
    print_hint(out, state.next)
