"""Environments whose entries prove no author, and gates whose approvals others than people can sign."""

from collections.abc import Sequence

from envctl.domain.command_lines import format_command
from envctl.domain.config.signing_keys import build_key_arn
from envctl.domain.findings import Finding
from envctl.domain.rules.document import find_rules
from envctl.domain.text.lists import join_names
from envctl.usecases.ports.context import Context
from envctl.usecases.project.project_file import locate_key


def list_unsigned_environments(context: Context) -> tuple[str, ...]:
    """Return the environments whose new entries need no signature. The sandbox signs nothing, and has none."""
    project = context.project
    if context.ports.sandbox:
        return ()
    return tuple(name for name in project.all_environments if not project.environments[name].signing_key)


def find_unsigned_gates(context: Context, environments: Sequence[str]) -> tuple[Finding, ...]:
    """Return a finding, with its line, for each way past the people of gates. A store in a folder is one person's."""
    project = context.project
    if context.ports.sandbox:
        return ()
    gated = [name for name in environments if find_rules(project.view_for(name), name).approvals]
    sections = {name: project.environments[name] for name in gated}
    accounts = {project.environments[name].account_id for name in project.all_environments}
    is_shared = project.store.url.startswith("s3:")
    unsigned = [name for name in gated if not sections[name].signing_key and is_shared]
    own = [name for name in gated if sections[name].approval_signing_key]
    shared = [name for name in gated if name not in own and sections[name].signing_key]
    reached = [name for name in own if build_key_arn(project, name, "people").split(":")[4] in accounts]
    found = (
        (unsigned, "who writes into the store can forge approvals of {}: no signing_key", _KEY_HINT),
        (shared, "who deploys to {} can also sign approvals of it: no approval_signing_key", _PEOPLE_HINT),
        (reached, "approvals of {} rest on the deployer: approval_signing_key is in an account of environments", ""),
    )
    return tuple(
        Finding(
            "signatures",
            "warn",
            f"{locate_key(context.ports, 'environments', names[0])}: {text.format(join_names(names))}",
            hint and f"{hint}{format_command('ledger keys', *names, create=True)}",
        )
        for names, text, hint in found
        if names
    )


_KEY_HINT = "name a key, then create it: "
_PEOPLE_HINT = "name one in the account of the store or of security, then create it: "
