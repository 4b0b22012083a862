"""The workflows of a project, from the texts that envctl brings: `%{name}` stands for what differs between projects."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"
"""Whatever else runs in a job that may deploy is envctl itself."""
USUAL_BRANCH = "main"
_PLACE = re.compile(r"%\{([\w.]+)\}")


@dataclass(frozen=True)
class Site:
    """Where the workflows will run. `order` is the pipeline, `folder` where the project lies in its repository (empty
    at the top), `region` the one that is asked for a role, and `command` envctl with what it always gets, such as
    `--sandbox`. To those that are `protected` nothing goes before somebody has said so, where the system has a button
    for that.
    """

    order: Sequence[str]
    folder: str
    region: str
    version: str
    branch: str = USUAL_BRANCH
    command: str = "envctl"
    protected: Collection[str] = ()

    @property
    def options(self) -> str:
        """With which these very workflows are written again."""
        return "" if self.branch == USUAL_BRANCH else f" --branch {self.branch}"


def github(texts: Mapping[str, str], site: Site) -> Mapping[str, str]:
    """By their path from the top of the repository."""
    entry, *others = site.order
    setup = filled(texts["setup.yml"], site)
    jobs = [filled(texts["deploy/entry.yml"], site, setup=setup, environment=entry)]
    for before, environment in zip(site.order, others, strict=False):
        # A job only sees what those put out that it needs itself.
        needs = before if before == entry else f"[{entry}, {before}]"
        told = {"setup": setup, "environment": environment, "before": before, "needs": needs, "entry": entry}
        jobs.append(filled(texts["deploy/next.yml"], site, **told))
    return {
        ".github/workflows/envctl-plan.yml": filled(texts["plan.yml"], site, setup=setup),
        ".github/workflows/envctl-deploy.yml": filled(texts["deploy.yml"], site) + "".join(jobs),
        ".github/workflows/envctl-drift.yml": filled(texts["drift.yml"], site, setup=setup),
    }


def is_ours(text: str) -> bool:
    """Whether it may be written over."""
    return text.startswith("# Written by `envctl ")


def header(system: str) -> str:
    return f"# Written by `envctl ci {system}`, which writes it anew: change envctl.toml, or a file of your own."


def filled(text: str, site: Site, **more: str) -> str:
    """Raises KeyError for a place that nothing is known for."""
    known = {
        "header": header("github"),
        "checkout": CHECKOUT,
        "version": site.version,
        "folder": scalar(site.folder or "."),
        "region": site.region,
        "branch": scalar(site.branch),
        "envctl": site.command,
        "options": site.options,
        **more,
    }
    return _PLACE.sub(lambda found: known[found[1]], text)


def scalar(text: str) -> str:
    """As YAML reads it again. A text in JSON is one in YAML as well."""
    return text if re.fullmatch(r"[A-Za-z./][\w./-]*", text) else json.dumps(text)
