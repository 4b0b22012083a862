"""Findings about the settings of a project on GitLab.

https://docs.gitlab.com/user/project/repository/branches/protected/
https://docs.gitlab.com/ci/resource_groups/#process-modes
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from envctl.domain.ci.inspection.github import unchecked
from envctl.domain.ci.inspection.settings import GitlabApprovals, GitlabBranch, GitlabSettings, GitlabVariable, Unread
from envctl.domain.findings import Finding

GITLAB_TOKEN = "ENVCTL_GITLAB_TOKEN"  # noqa: S105 (a name)
NOTE_HINT = "set it twice, masked: not protected for the environment envctl-note alone, and protected for all"
MAINTAINER = 40
"""GitLab's access level of a maintainer; 30 is a developer."""
_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|PRIVATE_KEY|ACCESS_KEY|API_KEY|CREDENTIAL")
_AWS_KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})
_SAFE_OVERRIDERS = frozenset({"maintainer", "owner", "no_one_allowed"})


@dataclass(frozen=True)
class GitlabExpectation:
    """What the project needs of GitLab: its address for people, and the environments that a person must start."""

    url: str
    guarded: frozenset[str] = frozenset()


def check_branch(settings: GitlabSettings, wanted: GitlabExpectation) -> Iterator[Finding]:
    """Yield findings about the branch that deploys."""
    branch, page = settings.branch, f"{wanted.url}/-/settings/repository: Protected branches"
    if isinstance(settings.branch_name, Unread) or isinstance(branch, Unread):
        unread = branch if isinstance(branch, Unread) else settings.branch_name
        yield unchecked("branch", unread.reason if isinstance(unread, Unread) else "")
    elif branch is None:
        why = f"{settings.branch_name} is not protected: any developer changes what deploys, and no user is verified"
        yield Finding("branch", "bad", why, page)
    else:
        yield from _check_protection(settings.branch_name, branch, page)
    yield from _check_approvals(settings.approvals, wanted)


def _check_protection(name: str, branch: GitlabBranch, page: str) -> Iterator[Finding]:
    if branch.pushers:
        why = f"{', '.join(branch.pushers)} may push to {name} without a merge request, and so without review"
        yield Finding("pushes", "bad", why, f"{page}: allowed to push and merge: no one")
    else:
        yield Finding("pushes", "good", f"{name} changes by merge requests alone")
    if branch.allows_force_push:
        why = f"{name} allows force pushes: reviewed commits can be replaced"
        yield Finding("force push", "bad", why, f"{page}: forbid force push")
    if branch.needs_code_owners:
        yield Finding("code owners", "good", "required for files in CODEOWNERS")
    else:
        why = "need not approve (Premium): anyone who approves may approve changes of envctl.toml and .gitlab/"
        yield Finding("code owners", "warn", why, f"{page}: require approval from code owners")


def _check_approvals(approvals: GitlabApprovals | Unread, wanted: GitlabExpectation) -> Iterator[Finding]:
    page = f"{wanted.url}/-/settings/merge_requests"
    if isinstance(approvals, Unread):
        yield unchecked("approvals", approvals.reason)
        return
    if not approvals.needed:
        why = "a merge request needs none: one person alone can change what deploys"
        yield Finding("approvals", "bad", why, f"{page}: add an approval rule")
        return
    yield Finding("approvals", "good", f"{approvals.needed} needed")
    if approvals.author_counts:
        why = "authors may approve their own merge request"
        yield Finding("self-approval", "bad", why, f"{page}: prevent approval by author")
    if approvals.committers_count:
        why = "who added commits may approve them"
        yield Finding("committers", "warn", why, f"{page}: prevent approvals by users who add commits")
    if approvals.survive_push:
        why = "approvals stay after a push: what is merged was not seen"
        yield Finding("later pushes", "warn", why, f"{page}: remove all approvals when commits are added")


def check_jobs(settings: GitlabSettings, wanted: GitlabExpectation) -> Iterator[Finding]:
    """Yield findings about queues, job tokens and variables of pipelines."""
    page = f"{wanted.url}/-/settings/ci_cd"
    yield _check_subject(settings.subject_claims)
    yield from _check_queues(settings.queues)
    yield _check_flag(
        "outdated jobs", settings.prevents_outdated, "prevented",
        "an older pipeline may deploy after a newer one", f"{page}: prevent outdated deployment jobs",
    )  # fmt: skip
    yield _check_flag(
        "job tokens", settings.limits_job_token, "limited to listed projects",
        "jobs of every project may use their token here, with the rights of their user",
        f"{page}: CheckedJob token permissions, only this project",
    )  # fmt: skip
    who = settings.overriders
    if isinstance(who, Unread):
        yield unchecked("pipeline variables", who.reason)
    elif who in _SAFE_OVERRIDERS:
        yield Finding("pipeline variables", "good", f"set by: {who}")
    else:
        why = f"{who or 'any developer'} may start a pipeline with own variables, and so choose roles"
        yield Finding("pipeline variables", "bad", why, f"{page}: Variables, minimum role: maintainer or no one")
    yield from _check_variables(settings.variables, wanted)


def _check_subject(claims: tuple[str, ...] | Unread) -> Finding:
    """Check what AWS can tell apart. https://docs.gitlab.com/ci/secrets/id_token_authentication/"""
    if isinstance(claims, Unread):
        return unchecked("sub", claims.reason)
    command = "glab api -X PUT projects/:id"
    if claims and "ref" not in claims:
        why = f"sub is {', '.join(claims)}: it names no branch, so every branch gets the roles of the protected one"
        return Finding("sub", "bad", why, f"{command}{_format_claims('project_path', 'ref_type', 'ref')}")
    if "environment_protected" in claims or "deployment_tier" in claims:
        return Finding("sub", "good", f"{', '.join(claims)}: the trust policies can name the environment")
    why = "sub names the branch alone: each job of it can take the role of each environment"
    wanted = _format_claims("project_path", "ref_type", "ref", "environment_protected", "deployment_tier")
    hint = f"{command}{wanted} (GitLab 18.7 or newer); with an older one deploy from a project of its own"
    return Finding("sub", "warn", why, hint)


def _format_claims(*names: str) -> str:
    return "".join(f" -f ci_id_token_sub_claim_components[]={name}" for name in names)


def _check_flag(name: str, is_set: bool | Unread, good: str, wrong: str, hint: str) -> Finding:
    if isinstance(is_set, Unread):
        return unchecked(name, is_set.reason)
    return Finding(name, "good", good) if is_set else Finding(name, "bad", wrong, hint)


def _check_queues(queues: Mapping[str, str] | Unread) -> Iterator[Finding]:
    if isinstance(queues, Unread):
        yield unchecked("queues", queues.reason)
        return
    for key, mode in sorted(queues.items()):
        if mode == "oldest_first":
            why = f"{key} is oldest_first: a pipeline whose button is never pressed blocks all later ones"
            hint = f"glab api -X PUT projects/:id/resource_groups/{key} -f process_mode=unordered"
            yield Finding("queue", "bad", why, hint)
        else:
            yield Finding("queue", "good", f"{key} is {mode}")


def _check_variables(variables: Sequence[GitlabVariable] | Unread, wanted: GitlabExpectation) -> Iterator[Finding]:
    page = f"{wanted.url}/-/settings/ci_cd: Variables"
    if isinstance(variables, Unread):
        yield unchecked("variables", variables.reason)
        return
    for each in variables:
        is_of_note = each.name == GITLAB_TOKEN and "*" not in each.scope
        if each.name in _AWS_KEYS:
            why = f"{each.name} is a long-lived key: jobs get roles with their token, and need no key"
            yield Finding("variables", "bad", why, f"{page}: delete it, and the key in AWS")
        elif _SECRET.search(each.name) and not each.is_masked:
            why = f"{each.name} is not masked: a job log can show it"
            yield Finding("variables", "bad", why, f"{page}: mask it")
        elif _SECRET.search(each.name) and not each.is_protected and not is_of_note:
            why = f"{each.name} is not protected: jobs of every branch see it"
            hint = NOTE_HINT if each.name == GITLAB_TOKEN else "protect it"
            yield Finding("variables", "warn", why, f"{page}: {hint}")
        elif each.name in ("ENVCTL_ROLE", "ENVCTL_DRIFT_ROLE") and not each.is_protected:
            why = f"{each.name} ({each.scope}) is not protected: a job of every branch sees which role to take"
            yield Finding("variables", "warn", why, f"{page}: protect it")
        elif each.name == "ENVCTL_ROLE" and "*" in each.scope:
            why = f"ENVCTL_ROLE has the scope {each.scope}: several environments share one role"
            yield Finding("variables", "bad", why, f"{page}: set it for each environment")


def check_environment(settings: GitlabSettings, wanted: GitlabExpectation, name: str) -> Iterator[Finding]:
    """Yield findings about one environment that a person must start."""
    found, page = settings.environments, f"{wanted.url}/-/settings/ci_cd: Protected environments"
    if isinstance(found, Unread):
        yield unchecked("environment", found.reason)
        return
    if name not in found:
        why = "not protected (Premium): every developer may start its job"
        yield Finding("environment", "bad" if name in wanted.guarded else "warn", why, page)
        return
    rules = found[name]
    if rules.lowest_level and rules.lowest_level < MAINTAINER:
        yield Finding("deployers", "warn", "developers may deploy", f"{page}: maintainers alone")
    else:
        yield Finding("deployers", "good", "maintainers, or those listed")
    if name in wanted.guarded and not rules.approvals:
        why = "no approval in GitLab; the gates of envctl.toml still apply"
        yield Finding("approvals", "warn", why, f"{page}: required approvals")
    elif rules.approvals:
        yield Finding("approvals", "good", f"{rules.approvals} needed")
