"""Render the GitLab CI pipeline of a project into its own file, to be included by the pipeline of the team."""

import fnmatch
import json
import posixpath
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote

from envctl.domain.ci.package import render_install, render_launcher
from envctl.domain.ci.pins import GITLAB_IMAGE
from envctl.domain.ci.workflow_inputs import fill_template, indent_script, is_like_prod
from envctl.domain.config.ci.gitlab import GitlabCi
from envctl.domain.config.ci.shared_keys import DRIFT, PLAN
from envctl.domain.config.ci_package import PackageSource

MAIN_FILE = ".gitlab-ci.yml"
REPORT_FILES = (
    "plan.xml",
    "apply.xml",
    "promote.xml",
    "drift.xml",
    "operate.xml",
    "page.html",
    "outcome.env",
    "reason.env",
)
RELEASE_PATTERN = r"[0-9a-f]{4,64}|[#!][1-9][0-9]{0,8}"
"""How people name a release: an id, a commit or a request."""
REASON_PATTERN = r'[^"\\$%`\x00-\x1f\x7f]{0,200}'
"""GitLab inserts the text between double quotes of YAML: without a line end, a quote or a variable."""
NO_ENVIRONMENT = "-"
_FILE = re.compile(r"[^\s'\"\[\]{},]+\.ya?ml")
_LIST_ENTRY = re.compile(r"^(?= *- |\S)", re.MULTILINE)
_TOKEN = "  id_tokens:\n    ENVCTL_AWS_TOKEN:\n      aud: sts.amazonaws.com\n"  # noqa: S105 (its name)
_MANUAL = "      when: manual\n"
_OUTCOME = ".envctl/outcome.env"
_UNSET_KEYS = (
    "# No variable of the project decides who the job is: keys or another token would win over its own.",
    "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE",
    "unset AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_SESSION_NAME",
)


@dataclass(frozen=True, kw_only=True)
class GitlabInputs:
    """The values of a project in the templates of the pipeline."""

    order: Sequence[str]  # the environments of the pipeline
    folder: str  # the folder of the project in its repository; empty at the top
    region: str  # the region in which jobs ask for their roles
    branch: str  # the protected branch that deploys
    settings: GitlabCi = field(default_factory=GitlabCi.model_construct)  # the table `[ci.gitlab]`
    package: PackageSource | None = None  # the envctl that jobs install; None if their image has it
    watched: Sequence[str] = ()  # paths whose changes start the jobs; all changes start them without any
    protected: Collection[str] = ()  # environments whose jobs a person starts
    command: str = "envctl"  # envctl with its global options, such as `--sandbox`
    options: str = ""  # further options of `envctl ci gitlab`, to write the same pipeline again
    # Variables with secret values, by environment. Jobs for others unset them.
    secret_variables: Mapping[str, Sequence[str]] = field(default_factory=dict)


def find_pipeline_path(prefix: str) -> str:
    return f".gitlab/{prefix}.gitlab-ci.yml"


def find_lock_folder(prefix: str) -> str:
    """Return the folder of the lock files of the pipeline."""
    return f".gitlab/{prefix}"


def render_gitlab_pipeline(texts: Mapping[str, str], site: GitlabInputs) -> Mapping[str, str]:
    """Return the pipeline files by path in the repository, without their headers."""
    known = _list_values(texts, site)

    def fill(part: str, **more: str) -> str:
        return fill_template(texts[part], {**known, **more})

    jobs = [fill("pipeline.yml"), fill("plan.yml"), fill("note.yml"), fill("unprotected.yml")]
    jobs += _render_deployments(texts, site, known)
    jobs.append(fill("drift.yml"))
    for number, name in enumerate(site.order):
        own = _list_environment_values(texts, site, known, number)
        before = site.order[number - 1] if number else ""
        promote = f'set -- promote {before} {name} --yes ${{ENVCTL_RELEASE:+"--release=$ENVCTL_RELEASE"}}'
        # The second deploys only the approved stacks.
        cases = f"        promote) {promote} ;;\n        promote-partial) {promote} --partial ;;\n"
        jobs.append(fill("operate.yml", **own, promote=cases if before else ""))
    return {find_pipeline_path(site.settings.prefix): "".join(jobs), MAIN_FILE: fill("main.yml")}


def _render_deployments(texts: Mapping[str, str], site: GitlabInputs, known: Mapping[str, str]) -> Iterator[str]:
    prefix = site.settings.prefix
    arrival = f"{prefix} apply {site.order[0]}"
    yield fill_template(texts["deploy/entry.yml"], {**known, **_list_environment_values(texts, site, known, 0)})
    needs = [arrival]
    for number, name in enumerate(site.order[1:], 1):
        before = site.order[number - 1]
        own = _list_environment_values(texts, site, known, number)
        own |= {"before": before, "before.number": f"{number - 1}", "needs": json.dumps(needs)}
        yield fill_template(texts["deploy/next.yml"], {**known, **own})
        # A variable reaches only jobs that need the job exporting it.
        needs = [arrival, f"{prefix} promote {before} {name}"]


def _list_values(texts: Mapping[str, str], site: GitlabInputs) -> dict[str, str]:
    """Return the values that all jobs share."""
    folder = f"{site.folder}/" if site.folder else ""
    protected = '$CI_COMMIT_REF_PROTECTED == "true"'
    program = site.settings.program
    launcher = [f'ln -s {program} "$envctl_home/bin/envctl"'] if program else render_launcher("$envctl_home")
    return {
        **_list_setting_values(site.settings),
        "after_script": _format_after_script(texts, site),
        "inputs": fill_template(
            texts["inputs.yml"],
            {
                "environments": json.dumps([NO_ENVIRONMENT, *site.order]),
                "release": RELEASE_PATTERN,
                "reason": REASON_PATTERN,
            },
        ),
        "install": _indent(_list_install_lines(site)),
        "own_keys": _indent(_UNSET_KEYS) if _takes_roles(site) else "",
        "cd": shlex.quote(site.folder or "."),
        "branch": json.dumps(site.branch),
        "on_branch": f"$CI_COMMIT_BRANCH == {json.dumps(site.branch)} && {protected}",
        "changes": f"      changes: {json.dumps(list(site.watched))}\n" if site.watched else "",
        "id_tokens": _TOKEN if _takes_roles(site) else "",
        "role.plan": _format_unset(site, []) + _format_role(site, PLAN, "ENVCTL_PLAN_ROLE"),
        "role.drift": _format_role(site, DRIFT, "ENVCTL_DRIFT_ROLE"),
        "launcher": _indent(launcher),
        "envctl": site.command,
        "options": site.options,
        "comment.script": indent_script(texts["comment.py"], 6),
        "comment.folder": shlex.quote(quote(site.folder)),
        # A folder of a runner can have the files of another pipeline.
        "comment": json.dumps(f"{folder}.envctl/comment-$CI_PIPELINE_ID.md"),
        "planned": json.dumps(f"{folder}.envctl/planned-$CI_PIPELINE_ID"),
        **{name: json.dumps(f"{folder}.envctl/{name}") for name in REPORT_FILES},
    }


def _list_setting_values(settings: GitlabCi) -> dict[str, str]:
    return {
        "ours": find_pipeline_path(settings.prefix),
        "prefix": settings.prefix,
        "stage": json.dumps(settings.stage),
        "image": json.dumps(settings.image or GITLAB_IMAGE),
        "inherited": "[]" if settings.tags else "[tags]",
        "tags": f"  tags: {json.dumps(settings.tags)}\n" if settings.tags else "",
        "comment.variables": _format_variables({"GIT_STRATEGY": "none", **settings.variables}),
        # The whole history names all authors.
        "variables": _format_variables(
            {"GIT_DEPTH": "0", **({"ENVCTL_DOTENV": _OUTCOME} if settings.asks_result else {}), **settings.variables}
        ),
        "before_script": _format_lines(settings.before_script),
        "schedule_variable": settings.schedule_variable,
        **{f"timeout.{name}": _format_timeout(limit) for name, limit in dict(settings.timeouts).items()},
    }


def _list_environment_values(
    texts: Mapping[str, str], site: GitlabInputs, known: Mapping[str, str], number: int
) -> dict[str, str]:
    name = site.order[number]
    when = _MANUAL if name in site.protected and number else ""
    own = {
        "environment": name,
        "environment.quoted": json.dumps(name),
        "environment.name": json.dumps(name_gitlab_environment(site.settings, name)),
        "number": f"{number}",
        "envctl": f"{known['envctl']}{' --no-warm' if is_like_prod(site.order, site.protected, name) else ''}",
        "when": when,
        "role": _format_unset(site, [name]) + _format_role(site, name, "ENVCTL_ROLE"),
        "deploy.rules": _format_deploy_rules(site, known, when),
    }
    return {**own, "after": fill_template(texts["deploy/after.yml"], {**known, **own})}


def name_gitlab_environment(settings: GitlabCi, environment: str) -> str:
    """Return the name of an environment in GitLab. Projects with an own prefix do not share one."""
    own = environment if settings.prefix == "envctl" else f"{settings.prefix}/{environment}"
    return settings.environments.get(environment, own)


def _format_deploy_rules(site: GitlabInputs, known: Mapping[str, str], when: str) -> str:
    branch, drift = known["on_branch"], site.settings.schedule_variable
    pushed = f'    - if: $CI_PIPELINE_SOURCE == "push" && {branch}\n'
    by_hand = f'$CI_PIPELINE_SOURCE == "web" && {branch} && ${drift} == null && "$[[ inputs.operation ]]" == "deploy"'
    return f"{pushed}{known['changes']}{when}    - if: {by_hand}\n{when}"


def _takes_roles(site: GitlabInputs) -> bool:
    return not site.settings.runner_credentials and "--sandbox" not in site.command.split()


def _format_unset(site: GitlabInputs, environments: Collection[str]) -> str:
    """Return the line that removes secrets of other environments: GitLab gives every job those without a scope."""
    own = {name for each in environments for name in site.secret_variables.get(each, ())}
    others = sorted({name for names in site.secret_variables.values() for name in names} - own)
    return f"    - unset {' '.join(others)}\n" if others else ""


def _format_role(site: GitlabInputs, name: str, variable: str) -> str:
    """Return the line that names the role of a job: one of the file, or one of a CI/CD variable.

    envctl takes it with the ID token of the job. `ENVCTL_ROLE_VARIABLE` is for its message about a missing role.
    """
    if not _takes_roles(site):
        return ""
    if role := site.settings.roles.get(name):
        return f"    - export AWS_REGION={site.region} AWS_ROLE_ARN={role}\n"
    scope = f" in {name_gitlab_environment(site.settings, name)}" if variable == "ENVCTL_ROLE" else ""
    source = shlex.quote(variable + scope)
    role = f'"${{{variable}:-}}"'
    return f"    - export AWS_REGION={site.region} AWS_ROLE_ARN={role} ENVCTL_ROLE_VARIABLE={source}\n"


def _list_install_lines(site: GitlabInputs) -> Sequence[str]:
    if site.package is None:
        return ()
    locks = f"$CI_PROJECT_DIR/{find_lock_folder(site.settings.prefix)}"
    project = f"$CI_PROJECT_DIR/{_escape_shell(site.folder)}" if site.folder else "$CI_PROJECT_DIR"
    return render_install(site.package, venv="$envctl_home/venv", locks=locks, project=project)


def _escape_shell(text: str) -> str:
    """Return the text as the shell reads it between double quotes."""
    return re.sub(r'([$`"\\])', r"\\\1", text)


def _format_after_script(texts: Mapping[str, str], site: GitlabInputs) -> str:
    """Return the lines of the team, after one with the result of the job if one of them names it."""
    lines = _format_lines(site.settings.after_script)
    if not site.settings.asks_result:
        return lines
    return fill_template(texts["result.yml"], {"outcome": shlex.quote(posixpath.join(site.folder, _OUTCOME))}) + lines


def _format_variables(variables: Mapping[str, str]) -> str:
    lines = (
        f"    {_quote(name)}: {{ value: {_quote(value)}, expand: false }}\n"
        for name, value in sorted(variables.items())
    )
    return "".join(["  variables:\n", *lines])


def _format_lines(lines: Iterable[str]) -> str:
    return "".join(f"    - {_quote(line)}\n" for line in lines)


def _format_timeout(limit: timedelta) -> str:
    minutes = limit // timedelta(minutes=1)
    hours, rest = divmod(minutes, 60)
    return f"{minutes} minutes" if rest else f"{hours} hour{'s' if hours > 1 else ''}"


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _indent(lines: Iterable[str]) -> str:
    """Return the lines inside of the block of `before_script`."""
    return "".join(f"      {line}\n" for line in lines)


def includes_pipeline(files: Mapping[str, str], ours: str) -> bool:
    """Check that the main file includes ours, directly or not. `files` are the readable files by path."""
    waiting, seen = [MAIN_FILE], {MAIN_FILE}
    while waiting:
        for named in find_yaml_paths(files.get(waiting.pop(), "")):
            if fnmatch.fnmatchcase(ours, named):
                return True
            waiting += [] if named in seen else [named]
            seen.add(named)
    return False


def passes_inputs(texts: Iterable[str], ours: str) -> bool:
    """Check that an include of our file passes the operation on, as one entry of a list or in one line."""
    entries = (entry for text in texts for entry in _LIST_ENTRY.split(text))
    return any(
        "operation:" in entry and any(fnmatch.fnmatchcase(ours, named) for named in find_yaml_paths(entry))
        for entry in entries
    )


def find_yaml_paths(text: str) -> Iterator[str]:
    """Yield the YAML paths named in a file outside of comments, relative to the repository."""
    for line in text.splitlines():
        for found in _FILE.findall(re.sub(r"(^|\s)#.*", "", line)):
            yield found.removeprefix("local:").lstrip("/")
