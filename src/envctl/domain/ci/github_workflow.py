"""Render GitHub workflows from templates of envctl with `%{name}` placeholders."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

CHECKOUT_ACTION = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"
"""The only foreign action in deploying jobs."""
DEFAULT_BRANCH = "main"
_PLACEHOLDER = re.compile(r"%\{([\w.]+)\}")


@dataclass(frozen=True)
class WorkflowInputs:
    """The values of a project in the workflow templates."""

    order: Sequence[str]  # the pipeline
    folder: str  # of the project in its repository; empty at the top
    region: str  # for requesting roles
    version: str
    branch: str = DEFAULT_BRANCH
    command: str = "envctl"  # with global options such as --sandbox
    protected: Collection[str] = ()  # environments with a manual start, if the CI system has one
    reviewed: Collection[str] = ()  # environments with GitHub reviewers as a gate


def render_github_workflows(texts: Mapping[str, str], site: WorkflowInputs) -> Mapping[str, str]:
    """Return the workflow files by path in the repository."""
    entry, *others = site.order
    setup = fill_template(texts["setup.yml"], site)
    jobs = [fill_template(texts["deploy/entry.yml"], site, setup=setup, environment=entry)]
    for before, environment in zip(site.order, others, strict=False):
        jobs += _render_promotion(texts, site, setup, before, environment)
    return {
        ".github/workflows/envctl-plan.yml": fill_template(texts["plan.yml"], site, setup=setup),
        ".github/workflows/envctl-deploy.yml": fill_template(texts["deploy.yml"], site) + "".join(jobs),
        ".github/workflows/envctl-drift.yml": fill_template(texts["drift.yml"], site, setup=setup),
    }


def _render_promotion(
    texts: Mapping[str, str], site: WorkflowInputs, setup: str, before: str, environment: str
) -> Iterator[str]:
    """Yield the promotion job, preceded by a plan job for reviewers if they count."""
    entry = site.order[0]
    # A job sees only the outputs of its own needs.
    needs = [entry] if before == entry else [entry, before]
    values = {"setup": setup, "environment": environment, "before": before, "entry": entry, "asks": "", "reviewed": ""}
    if environment in site.reviewed:
        yield fill_template(texts["deploy/plan.yml"], site, **values, needs=_format_needs(needs))
        needs.append(f"plan-{environment}")
        values["asks"] = "      actions: read # for the reviewers of the job\n"
        values["reviewed"] = fill_template(texts["deploy/reviewed.yml"], site, **values)
    yield fill_template(texts["deploy/next.yml"], site, **values, needs=_format_needs(needs))


def _format_needs(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def is_generated(text: str) -> bool:
    """Check that envctl wrote the file and may overwrite it."""
    return text.startswith("# Written by `envctl ")


def format_header(system: str) -> str:
    return f"# Written by `envctl ci {system}`, which overwrites it: change envctl.toml, or your own file."


def fill_template(text: str, site: WorkflowInputs, **more: str) -> str:
    """Fill the placeholders of a template. Raises KeyError for an unknown one."""
    known = {
        "header": format_header("github"),
        "checkout": CHECKOUT_ACTION,
        "version": site.version,
        "folder": format_yaml_scalar(site.folder or "."),
        "region": site.region,
        "branch": format_yaml_scalar(site.branch),
        "envctl": site.command,
        # To write the same workflows again.
        "options": "" if site.branch == DEFAULT_BRANCH else f" --branch {site.branch}",
        **more,
    }
    return _PLACEHOLDER.sub(lambda found: known[found[1]], text)


def format_yaml_scalar(text: str) -> str:
    """Return the text as a YAML scalar, quoted as JSON if needed."""
    return text if re.fullmatch(r"[A-Za-z./][\w./-]*", text) else json.dumps(text)
