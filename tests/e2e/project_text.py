"""The project files of these tests: what one says of its own is given, and what every project has is written here."""

import json
from collections.abc import Mapping, Sequence

from tests.e2e.conftest import ACCOUNTS, REGION

OPEN, PEER = "approvals = {}", "approvals = { peer = 1 }"
"""Gates that ask nobody, and one person."""


def render_project(
    name: str,
    stacks: Mapping[str, str],
    order: Sequence[str] = tuple(ACCOUNTS),
    *,
    on_aws: bool = False,
    rules: Mapping[str, str] = {},
    gates: Mapping[str, str] = {},
    more: str = "",
) -> str:
    """`stacks` is what each says besides its module, which has its name unless it says another one, or its kind;
    `rules` what an environment says of itself, and `gates` of its gates. On AWS each one is in an account of its own.
    """
    parts = [f'[project]\nname = "{name}"\n\n[pipeline]\norder = {json.dumps(list(order))}\n']
    for each in order:
        place = render_place(ACCOUNTS[each]) if on_aws else ""
        parts.append(f"\n[environments.{each}]\n{place}{rules.get(each, '')}\n")
        if each in gates:
            parts.append(f"[environments.{each}.gates]\n{gates[each]}\n")
    for stack, says in stacks.items():
        module = "" if "module = " in says or "kind = " in says else f'module = "modules/{stack}"\n'
        parts.append(f"\n[stacks.{stack}]\n{module}{says}\n")
    return "".join(parts) + more


def render_place(account: str) -> str:
    role = f"arn:aws:iam::{account}:role/envctl-deployer"
    return f'account_id = "{account}"\nregion = "{REGION}"\nassume_role = "{role}"\n'
