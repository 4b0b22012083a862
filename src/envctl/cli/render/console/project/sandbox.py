"""How the sandbox is doing."""

from rich.console import Console

from envctl.cli.render.terminal.text import hinted, joined, say, whole
from envctl.cli.results import SandboxState

SAID = {
    "running": "The sandbox is running",
    "died": "The sandbox has died, and what it held is lost",
    "stopped": "The sandbox is stopped, and what it held is gone",
    "off": "The sandbox is off",
}


def show_sandbox(state: SandboxState, out: Console) -> None:
    since = f" since {state.started_at}" if state.started_at else ""
    style = {"running": "green", "died": "bold red"}.get(state.state, "")
    say(out, joined((SAID.get(state.state, f"The sandbox is {state.state}"), style), f"{since}."))
    if state.proxy_url:
        whole(out, f"proxy {state.proxy_url}", 2)
    hinted(out, state.next)
