"""Steps of the jobs in GitHub workflows: checkout, steps of the team, the role, and the installation."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from envctl.domain.ci.package import render_install
from envctl.domain.ci.pins import CHECKOUT_ACTION
from envctl.domain.ci.workflow_inputs import WorkflowInputs, fill_template
from envctl.domain.ci.yaml_text import format_yaml_block, format_yaml_lines, format_yaml_scalar
from envctl.domain.config.ci.github import DRIFT_JOBS, GithubAfterStep, GithubStep, JobKind, StepResult
from envctl.domain.config.ci.shared_keys import APPROVAL, DRIFT, PLAN

LOCKS_FOLDER = ".github/{prefix}"
VENV = "$RUNNER_TEMP/{prefix}"
PULL_REQUEST = "github.event_name == 'pull_request'"
_STEP_LINES = 10
_VARIABLES = {PLAN: "ENVCTL_PLAN_ROLE", DRIFT: "ENVCTL_DRIFT_ROLE"}
_TWO, _ALL = "2 # the commit before shows what a request changes", "0 # the whole history names all authors"
_DEPTHS: Mapping[JobKind, str] = {"plan": _TWO, "drift": _TWO, "deploy": _ALL, "operate": _ALL}
# Jobs without an environment of GitHub, whose secrets only its own jobs get.
_OUTSIDE: frozenset[JobKind] = frozenset({"plan", "drift"})
_ACCEPTED = " # zizmor: ignore[secrets-outside-env] named in envctl.toml"
_REASON = "steps.envctl.outputs.reason"
_DONE = f"{_REASON} == 'done'"
# A step that was killed, or never began, has no reason.
_CONDITIONS: Mapping[StepResult, str] = {
    "done": f"success() && {_DONE}",
    "changes": f"success() && {_DONE} && steps.envctl.outputs.changes == 'true'",
    "drift": f"{_REASON} == 'changes'",
    "refused": f"startsWith({_REASON}, 'refused')",
    "failed": f"(failure() || cancelled()) && {_REASON} != 'changes' && !startsWith({_REASON}, 'refused')",
}
_ROLE = "ENVCTL_ROLE"
_MISSING_ROLE = "E145"


def format_program(site: WorkflowInputs) -> str:
    """Return the words of the shell that start the installed envctl."""
    options = site.command.partition("envctl")[2]
    return f'"{VENV.format(prefix=site.github.prefix)}/bin/python" -I -m envctl{options}'


def render_setup(texts: Mapping[str, str], site: WorkflowInputs, job: JobKind, user: str) -> str:
    """Return the first steps of a job. `user` is `plan`, `drift` or the environment whose role it takes, or one with
    `-approval`.
    """
    github, condition = site.github, f"{PULL_REQUEST} && " if job == "plan" else ""
    parts = [
        fill_template(texts["setup.yml"], {"checkout": CHECKOUT_ACTION, "depth": _DEPTHS[job]}),
        *(_render_step(each, job) for each in github.list_steps(github.before, job)),
    ]
    if user not in github.roles and "--sandbox" not in site.command:
        variable = _VARIABLES.get(user, _ROLE)
        values = {
            "variable": variable,
            "if": condition,
            "code": _MISSING_ROLE,
            "message": _explain_missing(site, user, variable),
        }
        parts.append(fill_template(texts["missing_role.yml"], values))
    folders = {"venv": VENV.format(prefix=github.prefix), "locks": f"$GITHUB_WORKSPACE/{format_locks_folder(site)}"}
    lines = render_install(site.require_package(), python=github.python, **folders)
    parts.append(fill_template(texts["install.yml"], {"install": "\n".join(f"          {line}" for line in lines)}))
    return "".join(parts)


def render_after(site: WorkflowInputs, job: JobKind, *, plans: bool = False, approves: bool = False) -> str:
    """Return the last steps of a job. One that `plans` for the reviewers of a deployment, or that `approves` it, has
    only those for a failure: the deployment itself has the others.
    """
    steps = [each for each in site.github.after if job in each.jobs]
    if plans or approves:
        steps = [each.model_copy(update={"when": ("failed",)}) for each in steps if "failed" in each.when]
    if plans:
        # Such a job belongs to no environment of GitHub, like the check for drift.
        job = "drift"
    return "".join(_render_step(each, job, found) for each in steps if (found := _format_condition(each, job)))


def render_env(site: WorkflowInputs, user: str, environments: Collection[str]) -> str:
    """Return the environment of a step that runs envctl as the role `user`, with secrets of these environments."""
    github = site.github
    role = github.roles.get(user) or f"${{{{ vars.{_VARIABLES.get(user, _ROLE)} }}}}"
    values = {"AWS_ROLE_ARN": role, "AWS_REGION": site.region}
    accepted = "" if user in name_job_environments(site) else _ACCEPTED
    values_of = (name for each in environments for name in site.secret_variables.get(each, ()))
    secrets = [
        f"{' ' * _STEP_LINES}{format_yaml_scalar(name)}: ${{{{ secrets.{name} }}}}{accepted}"
        for name in dict.fromkeys((*github.secrets, *values_of))
    ]
    # Constants are text: GitHub reads no expression in them.
    constants = [
        f"{' ' * _STEP_LINES}{format_yaml_scalar(name)}: {format_yaml_scalar(text)}"
        for name, text in github.env.items()
    ]
    return "\n".join([*format_yaml_lines(values, _STEP_LINES), *secrets, *constants])


def format_locks_folder(site: WorkflowInputs) -> str:
    return LOCKS_FOLDER.format(prefix=site.github.prefix)


def _format_condition(step: GithubAfterStep, job: JobKind) -> str:
    """Return the condition of a step after envctl; empty if the job has none of its results."""
    if step.when == ("done",):
        return _DONE
    results = [each for each in dict.fromkeys(step.when) if each != "drift" or job in DRIFT_JOBS]
    # A newer push cancels the plan of a pull request: that is no failure. Any other job is told about if it is killed.
    begin = "!cancelled()" if job == "plan" else "always()"
    found = " || ".join(f"({_CONDITIONS[each]})" for each in results)
    return f"${{{{ {begin} && ({found}) }}}}" if found else ""


def _render_step(step: GithubStep, job: JobKind, condition: str = "") -> str:
    return "".join(f"{line}\n" for line in _list_step_lines(step, job, condition))


def _list_step_lines(step: GithubStep, job: JobKind, condition: str) -> Iterator[str]:
    yield f"      - name: {format_yaml_scalar(step.name)}"
    if condition:
        yield f"        if: {condition}"
    if step.uses is not None:
        yield f"        uses: {step.uses}"
        yield from _format_table("with", step.inputs)
    # Steps of earlier versions are rendered as before.
    accepted = _ACCEPTED if job in _OUTSIDE and "when" in step.model_fields_set else ""
    yield from (f"{line}{accepted}" if "secrets." in line else line for line in _format_table("env", step.env))
    if step.run is not None:
        yield f"        run: {format_yaml_block(step.run, _STEP_LINES)}"


def _format_table(name: str, values: Mapping[str, str]) -> Iterable[str]:
    return [f"        {name}:", *format_yaml_lines(values, _STEP_LINES)] if values else []


def name_job_environments(site: WorkflowInputs) -> Mapping[str, str]:
    """Return the names in GitHub of all environments with jobs, by the key of their role."""
    github = site.github
    approvals = {f"{name}{APPROVAL}": github.find_approval_name(name) for name in site.order if name in site.people}
    return {**{name: github.find_github_name(name) for name in site.order}, **approvals}


def _explain_missing(site: WorkflowInputs, user: str, variable: str) -> str:
    """Return what a first run has to set up, as one annotation of several lines."""
    named = name_job_environments(site)
    where = f"the environment {named[user]}" if user in named else "the repository"
    unset = [there for name, there in named.items() if name not in site.github.roles]
    others = [_VARIABLES[each] for each in (PLAN, DRIFT) if each not in site.github.roles]
    lines = [
        f"{variable} is not set in {where}, so this job has no role in AWS. Set these variables to ARNs of roles:",
        *([f"- Settings, Environments ({', '.join(unset)}): {_ROLE}"] if unset else []),
        *([f"- Settings, Secrets and variables, Actions, Variables: {', '.join(others)}"] if others else []),
        "The module ci_access makes the roles. Or name them in envctl.toml: [ci.github] roles. Then run it again.",
    ]
    return "%0A".join(lines)
