"""Render the workflows of GitHub Actions: plan, deploy, drift, and operations by hand."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from posixpath import join, normpath
from urllib.parse import quote

from envctl.domain.ci.github_steps import format_locks_folder, format_program, render_after, render_env, render_setup
from envctl.domain.ci.pins import DOWNLOAD_ACTION, UPLOAD_ACTION
from envctl.domain.ci.workflow_inputs import DEFAULT_BRANCH, WorkflowInputs, fill_template, indent_script, is_like_prod
from envctl.domain.ci.yaml_text import format_yaml_list, format_yaml_scalar
from envctl.domain.config.ci.github import DEFAULT_PREFIX, JobKind
from envctl.domain.config.ci.shared_keys import DRIFT, PLAN

WORKFLOWS_FOLDER = ".github/workflows"
# GitHub drops no job: later ones wait, and so do those without an answer of a reviewer.
_QUEUE = "      queue: max # later jobs wait; none is dropped\n"


def list_github_paths(site: WorkflowInputs) -> dict[str, str]:
    """Return the paths of the workflows in the repository, by name."""
    names = ("plan", "deploy", "drift", "operate")
    return {name: f"{WORKFLOWS_FOLDER}/{site.github.prefix}-{name}.yml" for name in names}


def render_github_workflows(texts: Mapping[str, str], site: WorkflowInputs) -> Mapping[str, str]:
    """Return the workflow files by path in the repository, without headers."""
    jobs = {
        "plan": _fill_workflow(texts, "plan.yml", site, "plan", PLAN, comment=indent_script(texts["comment.py"], 10)),
        "deploy": fill_template(texts["deploy.yml"], _list_values(site)) + _join(_render_deployments(texts, site)),
        "drift": _fill_workflow(texts, "drift.yml", site, "drift", DRIFT),
        "operate": fill_template(texts["operate.yml"], _list_values(site)) + _join(_render_operations(texts, site)),
    }
    return {path: f"{jobs[name].rstrip()}\n" for name, path in list_github_paths(site).items()}


def _join(jobs: Iterator[str]) -> str:
    return "".join(f"{job.rstrip()}\n" for job in jobs)


def _render_deployments(texts: Mapping[str, str], site: WorkflowInputs) -> Iterator[str]:
    entry = site.order[0]
    result = _render_result(texts, site, entry, "this job again")
    yield _fill_workflow(texts, "deploy/entry.yml", site, "deploy", entry, environment=entry, result=result)
    for before, environment in zip(site.order, site.order[1:], strict=False):
        yield from _render_promotion(texts, site, before, environment)


def _render_promotion(texts: Mapping[str, str], site: WorkflowInputs, before: str, environment: str) -> Iterator[str]:
    """Yield the promotion job, preceded by a plan job for reviewers if they count."""
    entry = site.order[0]
    again = f"this job again, or the workflow {site.github.prefix} operate: promote, {environment}"
    # A job sees only the outputs of its own needs.
    needs = list(dict.fromkeys((f"deploy-{entry}", f"deploy-{before}")))
    values = {
        "environment": environment,
        "before": before,
        "entry": entry,
        # Not after a promotion that waits: it ends its job without a failure.
        "released": f"needs.deploy-{before}.outputs.reason == 'done'",
        "result": _render_result(texts, site, environment, again),
        "asks": "",
        "reviewed": "",
    }
    if environment in site.reviewed:
        yield _fill_workflow(
            texts, "deploy/plan.yml", site, "deploy", DRIFT, **{**values, "needs": _format_needs(needs)}
        )
        needs.append(f"plan-{environment}")
        values |= {
            "asks": "      actions: read # for the reviewers of the job\n",
            "released": _format_reviewed_condition(site, environment),
            "release": f"${{{{ needs.deploy-{entry}.outputs.release }}}}",
        }
        values["reviewed"] = _render_reviewed(texts, site, values)
    yield _fill_workflow(
        texts, "deploy/next.yml", site, "deploy", environment, **{**values, "needs": _format_needs(needs)}
    )


def _format_reviewed_condition(site: WorkflowInputs, environment: str) -> str:
    """Reviewers of the last environment are not asked about nothing. Others need the release, to promote it further."""
    if environment == site.order[-1]:
        return f"needs.plan-{environment}.outputs.changes != 'false'"
    return f"needs.plan-{environment}.outputs.plan != ''"


def _render_operations(texts: Mapping[str, str], site: WorkflowInputs) -> Iterator[str]:
    for before, environment in zip(("", *site.order), site.order, strict=False):
        values = {
            "environment": environment,
            "before": before,
            "needs": "",
            "planned": "",
            "asks": "",
            "reviewed": "",
            "release": "${{ inputs.release }}",
            "promote": f'set -- promote {before} {environment} --yes ${{RELEASE:+"--release=$RELEASE"}}',
        }
        if not before:
            message = f"{environment} is the first environment: run the workflow {site.github.prefix} deploy"
            values["promote"] = f'echo "::error title=envctl::{message}" && exit 64'
        values["promote_partial"] = f"{values['promote']} --partial" if before else values["promote"]
        if environment in site.reviewed:
            planned, is_promotion = f"needs.plan-{environment}", "startsWith(inputs.what, 'promote')"
            values |= {
                "needs": f"    needs: plan-{environment}\n",
                "planned": f" && !cancelled() && (!{is_promotion} || {planned}.result == 'success')",
                "asks": "      actions: read # for the reviewers of the job\n",
                "release": f"${{{{ {planned}.outputs.release || inputs.release }}}}",
                "if": f"        if: {is_promotion}\n",
            }
            values["reviewed"] = _render_reviewed(texts, site, values)
            yield _fill_workflow(texts, "operate/plan.yml", site, "operate", DRIFT, environment=environment)
        yield _fill_workflow(texts, "operate/job.yml", site, "operate", environment, **values)


def _render_reviewed(texts: Mapping[str, str], site: WorkflowInputs, values: Mapping[str, str]) -> str:
    environment = values["environment"]
    known = {"if": "", **_list_values(site), **values, "env": render_env(site, environment, [environment])}
    return fill_template(texts["deploy/reviewed.yml"], known)


def _render_result(texts: Mapping[str, str], site: WorkflowInputs, environment: str, again: str) -> str:
    """Return the step that tells a promotion that waits from a failed one; none if both fail the job."""
    if site.github.waiting == "failed":
        return ""
    return fill_template(
        texts["deploy/result.yml"], {"prefix": site.github.prefix, "environment": environment, "again": again}
    )


def _fill_workflow(
    texts: Mapping[str, str], name: str, site: WorkflowInputs, job: JobKind, user: str, **more: str
) -> str:
    """Fill a template whose job takes the role of `user`: `plan`, `drift` or an environment."""
    environment = more.get("environment", "")
    values = {
        **_list_values(site),
        "setup": render_setup(texts, site, job, user),
        "after": render_after(site, job, plans=name.endswith("/plan.yml")),
        # Code of a pull request is not reviewed: it gets no secret value.
        "env": render_env(site, user, [] if user == PLAN else [environment] if environment else site.order),
        "envctl": f"{format_program(site)}{_format_no_warm(site, environment)}",
        "github_environment": format_yaml_scalar(site.github.environments.get(environment, environment)),
        "group": _format_group(site, environment),
        **more,
    }
    page = texts["deploy/page.yml"] if name.endswith("/plan.yml") else ""
    values["page"] = fill_template(page, values)
    return fill_template(texts[name], values)


def _format_no_warm(site: WorkflowInputs, environment: str) -> str:
    """Return the option for jobs of an environment like prod: a warm provider, which holds its credentials, has a
    socket that programs of the working tree could use, such as those of checks.
    """
    return " --no-warm" if is_like_prod(site.order, {*site.protected, *site.reviewed}, environment) else ""


def _list_values(site: WorkflowInputs) -> dict[str, str]:
    github, labels = site.github, site.github.runs_on
    runners = format_yaml_scalar(labels[0]) if len(labels) == 1 else format_yaml_list(labels)
    accepted = " # zizmor: ignore[self-hosted-runner] named in envctl.toml" if "self-hosted" in labels else ""
    return {
        "prefix": github.prefix,
        # Names of checks: two projects of one repository have different ones.
        "jobs": "" if github.prefix == DEFAULT_PREFIX else f"{github.prefix} ",
        "envctl": format_program(site),
        "branch": format_yaml_scalar(site.branch),
        "on_branch": f"github.ref == 'refs/heads/{site.branch}'",
        "folder": format_yaml_scalar(site.folder or "."),
        "quoted_folder": format_yaml_scalar(quote(site.folder)),
        "python": github.python,
        "upload": UPLOAD_ACTION,
        "download": DOWNLOAD_ACTION,
        "runs_on": f"{runners}{accepted}",
        "cron": github.cron,
        "paths": "\n".join(f"      - {format_yaml_scalar(each)}" for each in _list_filters(site)),
        "environments": format_yaml_list(site.order),
        "queue": _QUEUE if github.queue else "",
        "waits": " --wait-ok" if github.waiting == "passed" else "",
        "timeout": _format_minutes(github.timeouts.deploy),
        "plan_timeout": _format_minutes(github.timeouts.plan),
        "drift_timeout": _format_minutes(github.timeouts.drift),
        # To write the same workflows again.
        "options": "" if site.branch == (github.branch or DEFAULT_BRANCH) else f" --branch {site.branch}",
    }


def _format_group(site: WorkflowInputs, environment: str) -> str:
    """Return the concurrency group of a job. A job that may have reviewers would hold it until they answer: it has its
    own, and the locks of envctl let only one deployment work. No environment shares the group of a plan, which is
    cancelled.
    """
    group = f"      group: {site.github.prefix}-deploy-{environment}"
    if environment in site.reviewed or environment in site.protected:
        return f"{group}-${{{{ github.run_id }}}} # an unanswered review holds no other run\n"
    return f"{group}\n{_QUEUE if site.github.queue else ''}"


def _list_filters(site: WorkflowInputs) -> Sequence[str]:
    if site.github.paths is not None:
        return site.github.paths
    own = (f"{WORKFLOWS_FOLDER}/{site.github.prefix}-*.yml", f"{format_locks_folder(site)}/**")
    return (*(normpath(join(site.folder, each)) for each in site.paths), *own)


def _format_needs(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _format_minutes(duration: timedelta) -> str:
    return str(int(duration.total_seconds()) // 60)
