"""A new project with its store on AWS: its ledger is signed from the first entry on."""

import re
from collections.abc import Collection, Iterable

from envctl.domain.config.project import Project

_FOLDER_URL = 'url = "file://.envctl/store"\n'


def is_apart(project: Project, account: str) -> bool:
    """Check that the store lies outside of the accounts of the pipeline: only there can people have a key alone."""
    return bool(account) and account not in {project.environments[name].account_id for name in project.order.order}


def write_signed_store(
    text: str, project: Project, store: tuple[str, str, str], *, looking: Collection[str], gated: Collection[str]
) -> str:
    """Return the project file with this store (URL, region, account) and the keys of each environment.

    `looking` are the environments with a role that looks, `gated` those that ask for approvals.
    """
    url, region, account = store
    owner = f'account_id = "{account}"\n' if account else ""
    text = text.replace(_FOLDER_URL, f'url = "{url}"\nregion = "{region}"\n{owner}')
    order, apart = project.order.order, is_apart(project, account)
    for name in order:
        lines = [f'signing_key = "alias/envctl-{name}"   # signs what deployments record']
        if name in looking:
            lines.append(f'look_signing_key = "alias/envctl-look-{name}"   # signs found drift')
        if name in gated and apart:
            lines.append(f'approval_signing_key = "alias/envctl-approve-{name}"   # signs what people decide')
        if name == order[-1] and apart:
            lines.append('signatures = "required"   # for all environments up to this one')
        text = _insert_lines(text, name, lines)
    return text


def _insert_lines(text: str, environment: str, lines: Iterable[str]) -> str:
    """Insert lines after the region of an environment."""
    place = rf"(\[environments\.{re.escape(environment)}\]\n(?:(?!\[).*\n)*?region = .*\n)"
    return re.sub(place, lambda found: found[1] + "".join(f"{line}\n" for line in lines), text, count=1)
