"""Findings about the settings of a repository on GitHub.

https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
https://docs.github.com/rest/actions/oidc
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from envctl.domain.ci.inspection.settings import (
    GithubBranch,
    GithubEnvironment,
    GithubSettings,
    GithubWorkflow,
    SubjectTemplate,
    Unread,
)
from envctl.domain.findings import Finding
from envctl.domain.text.lists import join_names


@dataclass(frozen=True)
class GithubExpectation:
    """What the project needs of GitHub."""

    repository: str
    url: str  # the address of the repository, for people
    guarded: frozenset[str] = frozenset()  # the environments that are `protected`, or the last of the pipeline
    reviewed: frozenset[str] = frozenset()  # the environments whose reviewers count at a gate
    # environments whose reviewers belong to another one, which records what people decide
    elsewhere: Mapping[str, str] = field(default_factory=dict)


def check_branch(settings: GithubSettings, wanted: GithubExpectation) -> Iterator[Finding]:
    """Yield findings about the rules of the branch that deploys."""
    branch, rules = settings.branch, f"{wanted.url}/settings/rules"
    if isinstance(settings.branch_name, Unread) or isinstance(branch, Unread):
        reason = branch.reason if isinstance(branch, Unread) else str(settings.branch_name)
        yield unchecked("rules", reason)
        return
    for rule in _list_rules(settings.branch_name, branch, rules):
        yield _check_rule(rule, branch)
    yield _check_code_owners(settings, branch, rules)
    yield from _check_merge_queue(settings, branch)


@dataclass(frozen=True)
class _Rule:
    """A rule that the branch needs: what is seen if it has it, and what is wrong otherwise."""

    name: str
    is_met: bool
    met: str
    wrong: str
    hint: str


def _list_rules(name: str, branch: GithubBranch, page: str) -> tuple[_Rule, ...]:
    return (
        _Rule(
            "pull request",
            (branch.approvals or 0) > 0,
            f"required, with approvals: {branch.approvals}",
            f"{name} needs no approval: one person alone can change what deploys",
            f"{page}: require a pull request with 1 approval",
        ),
        _Rule(
            "checks",
            bool(branch.checks),
            f"required: {', '.join(branch.checks)}",
            f"{name} requires no check: a pull request can be merged with a failed plan",
            f"{page}: require the status check plan",
        ),
        _Rule(
            "force push",
            branch.blocks_force_push,
            "blocked",
            f"{name} allows force pushes: reviewed commits can be replaced",
            f"{page}: block force pushes",
        ),
    )


def _check_rule(rule: _Rule, branch: GithubBranch) -> Finding:
    if rule.is_met:
        return Finding(rule.name, "good", rule.met)
    if branch.unread:
        return unchecked(rule.name, f"no ruleset has it, and the branch protection can't be read: {branch.unread}")
    return Finding(rule.name, "bad", rule.wrong, rule.hint)


def _check_code_owners(settings: GithubSettings, branch: GithubBranch, rules: str) -> Finding:
    has_file, name = settings.has_code_owners, "code owners"
    if isinstance(has_file, Unread):
        return unchecked(name, has_file.reason)
    if not has_file:
        why = "no CODEOWNERS file: anyone who approves may approve changes of envctl.toml and of the workflows"
        return Finding(name, "warn", why, "add .github/CODEOWNERS with envctl.toml, environments/ and .github/")
    if branch.needs_code_owners:
        return Finding(name, "good", "required for files in CODEOWNERS")
    if branch.unread:
        return unchecked(name, f"no ruleset requires them, and the branch protection can't be read: {branch.unread}")
    why = "CODEOWNERS exists, but its owners need not approve: the file has no effect"
    return Finding(name, "warn", why, f"{rules}: require review from code owners")


def _check_merge_queue(settings: GithubSettings, branch: GithubBranch) -> Iterator[Finding]:
    if not branch.has_merge_queue:
        return
    text = settings.workflows.get("plan")
    if isinstance(text, Unread):
        yield unchecked("merge queue", text.reason)
    elif text is not None and "merge_group" not in text:
        why = "there is one, but the workflow of plans does not run in it: the queue never ends"
        yield Finding("merge queue", "bad", why, "envctl ci github, and merge the changed workflow")
    elif text is not None:
        yield Finding("merge queue", "good", "the plan runs in it")


def check_jobs(settings: GithubSettings, wanted: GithubExpectation) -> Iterator[Finding]:
    """Yield findings about tokens and permissions of all jobs, and the queue of deployments."""
    yield _check_subject(settings.subject, wanted)
    yield _check_self_approval(settings.jobs_may_approve, wanted)
    yield _check_forks(settings.forks_get_tokens, wanted)
    yield from _check_other_workflows(settings)
    text = settings.workflows.get("deploy")
    if isinstance(text, Unread):
        yield unchecked("queue", text.reason)
    elif text and "queue: max" not in text:
        why = "a job that waits for the same environment is dropped when a newer one comes"
        hint = "set [ci.github] queue = true, if this GitHub knows it; else start a dropped run again"
        yield Finding("queue", "warn", why, hint)
    elif text:
        yield Finding("queue", "good", "waiting deployments stay in the queue")


def _check_subject(subject: SubjectTemplate | Unread, wanted: GithubExpectation) -> Finding:
    if isinstance(subject, Unread):
        return unchecked("sub", subject.reason)
    command = f"gh api -X PUT repos/{wanted.repository}/actions/oidc/customization/sub"
    if subject.keys and not {"context", "environment"} & {*subject.keys}:
        why = f"the template of sub is {', '.join(subject.keys)}: it names no environment, so jobs can't be told apart"
        return Finding("sub", "bad", why, f"{command} -F use_default=true")
    if subject.keys:
        why = f"a template of its own: {', '.join(subject.keys)}; trust policies must use exactly this form"
        return Finding("sub", "warn", why, f"compare the trust policies, or: {command} -F use_default=true")
    if subject.has_ids is None:
        return Finding("sub", "good", "the default form; GitHub does not say whether it has ids")
    if subject.has_ids:
        return Finding("sub", "good", f"with ids: {subject.prefix or 'repo:OWNER@ID/NAME@ID'}:…")
    why = (
        f"names alone ({subject.prefix or f'repo:{wanted.repository}'}:…): a later owner of the name gets the same sub"
    )
    hint = f"name both forms in the trust policies, then: {command} -F use_default=true -F use_immutable_subject=true"
    return Finding("sub", "warn", why, hint)


def _check_self_approval(allowed: bool | Unread, wanted: GithubExpectation) -> Finding:
    name = "approving jobs"
    if isinstance(allowed, Unread):
        return unchecked(name, allowed.reason)
    if not allowed:
        return Finding(name, "good", "jobs can't approve pull requests")
    why = "jobs may approve pull requests: a workflow of a branch can approve that branch"
    command = f"gh api -X PUT repos/{wanted.repository}/actions/permissions/workflow"
    hint = f"{command} -f default_workflow_permissions=read -F can_approve_pull_request_reviews=false"
    return Finding(name, "bad", why, hint)


def _check_forks(get_tokens: bool | Unread, wanted: GithubExpectation) -> Finding:
    if isinstance(get_tokens, Unread):
        return unchecked("forks", get_tokens.reason)
    if not get_tokens:
        return Finding("forks", "good", "their jobs get no token for AWS")
    why = "jobs of forks get tokens that write: for AWS their sub is that of your own pull requests"
    return Finding(
        "forks", "bad", why, f"{wanted.url}/settings/actions: do not send write tokens to workflows of forks"
    )


def _check_other_workflows(settings: GithubSettings) -> Iterator[Finding]:
    """Yield each workflow of the branch that could take a role whose trust policy names no workflow."""
    found, name = settings.other_workflows, "other workflow"
    if isinstance(found, Unread):
        yield unchecked("other workflows", found.reason)
        return
    asking = [each for each in found.values() if isinstance(each, GithubWorkflow) and each.asks_token]
    for path, each in found.items():
        if isinstance(each, Unread):
            yield unchecked(name, f"{path}: {each.reason}")
    for each in asking:
        there = [name for name in each.environments if name in settings.environments]
        role = f"the role of {join_names(there)}" if there else "a role"
        why = f"{each.path} asks for ID tokens: it can take {role}, if the trust policy names no workflow"
        hint = "compare job_workflow_ref in the trust policies, as the module ci_access does, or remove id-token: write"
        yield Finding(name, "warn", why, hint)
    if not asking:
        yield Finding("other workflows", "good", f"none of {len(found)} asks for ID tokens")


def check_environment(settings: GithubSettings, wanted: GithubExpectation, name: str) -> Iterator[Finding]:
    """Yield findings about one environment of GitHub. A missing one would be made without any rule by the first job."""
    found, branch = settings.environments.get(name), settings.branch_name
    if isinstance(found, Unread):
        yield unchecked("environment", found.reason)
        return
    default = branch if isinstance(branch, str) else "main"
    if found is None:
        why = "does not exist: GitHub makes it without rules for the first job of any branch that names it"
        yield Finding("environment", "bad", why, format_creation(wanted, name, default))
        return
    rules = settings.branch if isinstance(settings.branch, GithubBranch) else GithubBranch()
    yield _check_deployers(default, rules, f"{wanted.url}/settings/environments: {name}", found)
    if there := wanted.elsewhere.get(name):
        yield _check_asked_once(wanted, name, there, found)
    elif name in wanted.guarded | wanted.reviewed:
        yield from _check_reviewers(wanted, name, found)


def _check_asked_once(wanted: GithubExpectation, name: str, there: str, found: GithubEnvironment) -> Finding:
    if not found.reviewers:
        return Finding("reviewers", "good", f"none here: those of {there} approve")
    why = f"{found.reviewers} required: they are asked after those of {there}, and approve nothing"
    return Finding("reviewers", "warn", why, f"{wanted.url}/settings/environments: {name}, no required reviewers")


def _check_deployers(default: str, rules: GithubBranch, page: str, found: GithubEnvironment) -> Finding:
    hint = f"{page}, deployment branches: {default} alone"
    if found.only_protected and rules.is_protected is False:
        # https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
        why = f"protected branches may deploy, but {default} has no branch protection: without any, every branch may"
        return Finding("branches", "warn", why, hint)
    if found.only_protected:
        return Finding("branches", "good", "protected branches alone may deploy")
    if found.branches is None:
        why = "every branch may deploy: a job of a feature branch gets the role of this environment"
        return Finding("branches", "bad", why, hint)
    if not found.branches:
        return Finding("branches", "bad", "no branch may deploy: every job is refused", hint)
    others = [each for each in found.branches if each != default]
    if others:
        why = f"others than {default} may deploy: {', '.join(others)}; who pushes there gets the role"
        return Finding("branches", "bad" if any("*" in each for each in others) else "warn", why, hint)
    return Finding("branches", "good", f"{default} alone may deploy")


def _check_reviewers(wanted: GithubExpectation, name: str, found: GithubEnvironment) -> Iterator[Finding]:
    page = f"{wanted.url}/settings/environments"
    counts = name in wanted.reviewed
    if not found.reviewers:
        why = f"none: no review can count at the gate of {name}" if counts else f"none: only gates guard {name}"
        yield Finding("reviewers", "bad" if counts else "warn", why, f"{page}: {name}, required reviewers")
        return
    yield Finding("reviewers", "good", f"{found.reviewers} required")
    if not found.prevents_self_review:
        why = "who starts a run may approve it: one person alone can deploy"
        yield Finding("self-review", "bad" if counts else "warn", why, f"{page}: {name}, prevent self-review")
    else:
        yield Finding("self-review", "good", "prevented")
    if found.admins_bypass:
        why = "administrators may skip the reviewers"
        yield Finding("bypass", "warn", why, f"{page}: {name}, do not allow administrators to bypass")


def format_creation(wanted: GithubExpectation, name: str, branch: str) -> str:
    """Return the commands that make an environment for one branch. On an existing one they would reset its rules."""
    path = f"repos/{wanted.repository}/environments/{name}"
    policy = (
        "deployment_branch_policy[protected_branches]=false",
        "deployment_branch_policy[custom_branch_policies]=true",
    )
    fields = " ".join(f"-F '{each}'" for each in policy)
    return f"gh api -X PUT '{path}' {fields} && gh api '{path}/deployment-branch-policies' -f name={branch}"


def unchecked(name: str, reason: str) -> Finding:
    return Finding(name, "unseen", f"not checked: {reason}")
