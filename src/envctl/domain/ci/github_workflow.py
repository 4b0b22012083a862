"""The workflows of a project, from the texts that envctl brings: `%{name}` stands for what differs between projects."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
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
    for that; `reviewed` are those whose reviewers in GitHub count at a gate.
    """

    order: Sequence[str]
    folder: str
    region: str
    version: str
    branch: str = USUAL_BRANCH
    command: str = "envctl"
    protected: Collection[str] = ()
    reviewed: Collection[str] = ()

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
        jobs += _promotion(texts, site, setup, before, environment)
    return {
        ".github/workflows/envctl-plan.yml": filled(texts["plan.yml"], site, setup=setup),
        ".github/workflows/envctl-deploy.yml": filled(texts["deploy.yml"], site) + "".join(jobs),
        ".github/workflows/envctl-drift.yml": filled(texts["drift.yml"], site, setup=setup),
    }


def _promotion(texts: Mapping[str, str], site: Site, setup: str, before: str, environment: str) -> Iterator[str]:
    """The job that promotes, and where its reviewers count, one before it that makes the plan which they see."""
    entry = site.order[0]
    # A job only sees what those put out that it needs itself.
    needs = [entry] if before == entry else [entry, before]
    told = {"setup": setup, "environment": environment, "before": before, "entry": entry, "asks": "", "reviewed": ""}
    if environment in site.reviewed:
        yield filled(texts["deploy/plan.yml"], site, **told, needs=_listed(needs))
        needs.append(f"plan-{environment}")
        told["asks"] = "      actions: read # for who has let the job begin\n"
        told["reviewed"] = filled(texts["deploy/reviewed.yml"], site, **told)
    yield filled(texts["deploy/next.yml"], site, **told, needs=_listed(needs))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


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
