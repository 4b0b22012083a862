"""Tokens of CI jobs, and which of their claims AWS compares: docs.aws.amazon.com/IAM/latest/UserGuide/
reference_policies_iam-condition-keys.html#condition-keys-wif. Claims of GitHub besides sub and aud since January 2026
(aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims); of GitLab only those.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tests.iam.trust import ASSUME_WITH_TOKEN, Caller, Decision, Json, TrustRequest, decide

GITHUB = "https://token.actions.githubusercontent.com"
GITLAB = "https://gitlab.com"
AUDIENCE = "sts.amazonaws.com"
_GITHUB_CLAIMS = (
    *("actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref"),
    *("ref", "repository", "repository_id", "workflow"),
)
_COMPARED: Mapping[str, Collection[str]] = {GITHUB: ("aud", "sub", *_GITHUB_CLAIMS)}

Token = Mapping[str, str]
"""Claims of a token whose signature is right."""


@dataclass(frozen=True)
class Provider:
    """An identity provider of the account, with the audiences that it accepts."""

    arn: str
    url: str
    audiences: Collection[str] = (AUDIENCE,)


def decide_token(policy: str | Json, token: Token, providers: Collection[Provider]) -> Decision:
    """STS first asks for a provider of the issuer that accepts the audience; then the trust policy decides."""
    known = [each for each in providers if each.url == token["iss"] and token["aud"] in each.audiences]
    if not known:
        return Decision.NOT_ALLOWED
    host = token["iss"].removeprefix("https://")
    compared = _COMPARED.get(token["iss"], ("aud", "sub"))
    context = {f"{host}:{name}".lower(): (token[name],) for name in compared if name in token}
    return decide(policy, TrustRequest(Caller("Federated", frozenset([known[0].arn])), (ASSUME_WITH_TOKEN,), context))


OWNER_ID, REPOSITORY_ID = "123456", "456789"


def github_token(where: str, ref: str, *, old: bool = False, file: str = "", **claims: str) -> Token:
    """Return the token of a job in acme/shop. `where` ends its subject; `old` has no ids in it. `file` is the workflow
    of the job, by default the one that a job at `where` comes from.
    """
    repository = claims.get("repository", "acme/shop")
    repository_id = claims.get("repository_id", REPOSITORY_ID)
    owner, name = repository.split("/")
    owner_id = OWNER_ID if owner == "acme" else "666"
    kind, _, rest = where.partition(":")
    environment = {"environment": rest} if kind == "environment" else {}
    file = file or f"envctl-{ {'environment': 'deploy', 'ref': 'drift'}.get(kind, 'plan') }.yml"
    return {
        "iss": GITHUB,
        "aud": AUDIENCE,
        "sub": f"repo:{repository}:{where}" if old else f"repo:{owner}@{owner_id}/{name}@{repository_id}:{where}",
        "ref": ref,
        "repository": repository,
        "repository_id": repository_id,
        "workflow": "envctl deploy",
        "job_workflow_ref": f"{repository}/.github/workflows/{file}@{ref}",
        **environment,
        **claims,
    }


def gitlab_token(ref: str, *, kind: str = "branch", project: str = "acme/shop", **claims: str) -> Token:
    """Return the token of a job. That of a merge request names its branch; of a fork, the fork (since GitLab 18.3)."""
    subject = f"project_path:{project}:ref_type:{kind}:ref:{ref}"
    return {"iss": GITLAB, "aud": AUDIENCE, "sub": subject, "project_path": project, "ref": ref, **claims}


MAIN, PULL = "refs/heads/main", "refs/pull/7/merge"


def fork_token(where: str, ref: str, *, old: bool = False) -> Token:
    return github_token(where, ref, old=old, repository="mallory/shop", repository_id="666666")


def remade_token(where: str, ref: str, *, old: bool = False) -> Token:
    """Return the token of a repository of the same name that was deleted and made again."""
    return github_token(where, ref, old=old, repository_id="999999")


# What a job is, its token, and the one role of module ci_access that it may take. Most may take none.
GITHUB_JOBS: Mapping[str, tuple[Token, str]] = {
    "a pull request": (github_token("pull_request", PULL), "plan"),
    "a pull request, old form": (github_token("pull_request", PULL, old=True), "plan"),
    "the schedule on main": (github_token(f"ref:{MAIN}", MAIN), "drift"),
    "the schedule on main, old form": (github_token(f"ref:{MAIN}", MAIN, old=True), "drift"),
    "the job of dev": (github_token("environment:dev", MAIN), "dev"),
    "the job of staging": (github_token("environment:staging", MAIN), "staging"),
    "the job of prod": (github_token("environment:prod", MAIN), "prod"),
    "the job of prod, old form": (github_token("environment:prod", MAIN, old=True), "prod"),
    "the job of prod, by hand": (github_token("environment:prod", MAIN, file="envctl-operate.yml"), "prod"),
    "a plan for the reviewers of prod": (github_token(f"ref:{MAIN}", MAIN, file="envctl-deploy.yml"), "drift"),
    "a plan for the reviewers of prod, by hand": (
        github_token(f"ref:{MAIN}", MAIN, file="envctl-operate.yml"),
        "drift",
    ),
    "what people decide about prod": (github_token("environment:prod-approval", MAIN), "prod-approval"),
    "what people decide about prod, by hand": (
        github_token("environment:prod-approval", MAIN, file="envctl-operate.yml"),
        "prod-approval",
    ),
    "what people decide about prod, in another workflow": (
        github_token("environment:prod-approval", MAIN, file="lint.yml"),
        "",
    ),
    "what people decide about prod, from another branch": (
        github_token("environment:prod-approval", "refs/heads/feature"),
        "",
    ),
    "what people decide about dev, without a key": (github_token("environment:dev-approval", MAIN), ""),
    "prod in another workflow of main": (github_token("environment:prod", MAIN, file="lint.yml"), ""),
    "prod in the workflow of drift": (github_token("environment:prod", MAIN, file="envctl-drift.yml"), ""),
    "prod in the workflow of plans": (github_token("environment:prod", MAIN, file="envctl-plan.yml"), ""),
    "another workflow of main": (github_token(f"ref:{MAIN}", MAIN, file="lint.yml"), ""),
    "the workflow of plans on main": (github_token(f"ref:{MAIN}", MAIN, file="envctl-plan.yml"), ""),
    "another workflow in a pull request": (github_token("pull_request", PULL, file="lint.yml"), ""),
    "the deploying workflow in a pull request": (github_token("pull_request", PULL, file="envctl-deploy.yml"), ""),
    "a workflow whose name ends the same": (github_token("environment:prod", MAIN, file="x-envctl-deploy.yml"), ""),
    "a workflow of another branch, called by main": (
        github_token(
            "environment:prod",
            MAIN,
            job_workflow_ref="acme/shop/.github/workflows/envctl-deploy.yml@refs/heads/feature",
        ),
        "",
    ),
    "the workflow of another repository, called by main": (
        github_token(
            "environment:prod", MAIN, job_workflow_ref=f"mallory/shop/.github/workflows/envctl-deploy.yml@{MAIN}"
        ),
        "",
    ),
    "no workflow in the token": (github_token("environment:prod", MAIN, job_workflow_ref=""), ""),
    "a pull request of a fork": (fork_token("pull_request", PULL), ""),
    "a pull request of a fork, old form": (fork_token("pull_request", PULL, old=True), ""),
    "prod in a fork": (fork_token("environment:prod", MAIN, old=True), ""),
    "prod from another branch": (github_token("environment:prod", "refs/heads/feature"), ""),
    "prod from another branch, old form": (github_token("environment:prod", "refs/heads/feature", old=True), ""),
    "prod in a pull request": (github_token("environment:prod", PULL), ""),
    "prod from a tag": (github_token("environment:prod", "refs/tags/v1"), ""),
    "prod from a branch whose name ends the same": (
        github_token("environment:prod", "refs/heads/x/refs/heads/main"),
        "",
    ),
    "a dispatch on another branch": (github_token("ref:refs/heads/feature", "refs/heads/feature"), ""),
    "a tag": (github_token("ref:refs/tags/main", "refs/tags/main"), ""),
    "the merge queue": (
        github_token("ref:refs/heads/gh-readonly-queue/main/pr-7", "refs/heads/gh-readonly-queue/main/pr-7"),
        "",
    ),
    "pull_request_target": (github_token("pull_request", MAIN), ""),
    "an environment that nobody has": (github_token("environment:production", MAIN), ""),
    "the environment PROD": (github_token("environment:PROD", MAIN), ""),
    "a repository made again, old form": (remade_token("environment:prod", MAIN, old=True), ""),
    "a repository made again": (remade_token("environment:prod", MAIN), ""),
    "drift in a repository made again": (remade_token(f"ref:{MAIN}", MAIN, old=True), ""),
    "a pull request in a repository made again": (remade_token("pull_request", PULL, old=True), ""),
    "another repository of the owner": (
        github_token("environment:prod", MAIN, repository="acme/site", repository_id="1"),
        "",
    ),
    "a repository whose name begins the same": (
        github_token("environment:prod", MAIN, repository="acme/shop-old", repository_id="2"),
        "",
    ),
    "another audience": (github_token("environment:prod", MAIN, aud="https://github.com/acme"), ""),
    "a subject of prod with the environment dev": (github_token("environment:prod", MAIN, environment="dev"), ""),
    "an environment whose name holds more of a subject": (
        github_token("environment:prod:ref:refs/heads/main", MAIN, environment="prod:ref:refs/heads/main"),
        "",
    ),
    "an environment that is a pattern": (github_token("environment:*", MAIN), ""),
    "an environment with other capitals in the subject alone": (
        github_token("environment:Prod", MAIN, environment="prod"),
        "",
    ),
    "a subject of the repository alone, by a template": (
        github_token("environment:prod", MAIN, sub="repo:acme/shop", environment="prod"),
        "",
    ),
    "a subject with a workflow, by a template": (
        github_token("environment:prod", MAIN, sub=f"repo:acme/shop:environment:prod:job_workflow_ref:x@{MAIN}"),
        "",
    ),
    "ids of another owner and repository in the subject": (
        github_token("environment:prod", MAIN, sub="repo:acme@666/shop@666666:environment:prod"),
        "",
    ),
    "no id of the repository": (github_token("environment:prod", MAIN, old=True, repository_id=""), ""),
    "pull_request_target with an environment": (github_token("environment:prod", "refs/heads/release"), ""),
    "a branch called like a pull request": (github_token("pull_request", "refs/heads/refs/pull/7/merge"), ""),
    # What GitHub gives it is main; its workflow is another one.
    "pull_request_target that has the subject of main": (github_token(f"ref:{MAIN}", MAIN, file="label.yml"), ""),
    "another issuer": (github_token("environment:prod", MAIN, iss="https://token.actions.example.com"), ""),
}
# AWS can't tell apart the jobs of one branch of GitLab: each of them may take each role of that branch.
BRANCH_ROLES = "plan drift dev staging prod prod-approval"
GITLAB_JOBS: Mapping[str, tuple[Token, str]] = {
    "a branch, or a merge request": (gitlab_token("feature"), "plan"),
    "main": (gitlab_token("main"), BRANCH_ROLES),
    "a merge request of a fork": (gitlab_token("feature", project="mallory/shop"), ""),
    "main of a fork": (gitlab_token("main", project="mallory/shop"), ""),
    "a tag": (gitlab_token("main", kind="tag"), ""),
    "another project": (gitlab_token("main", project="acme/site"), ""),
    "a project of a subgroup": (gitlab_token("main", project="acme/shop/site"), ""),
    "a branch whose name ends the same": (gitlab_token("feature/main"), "plan"),
    "another audience": (gitlab_token("main", aud=GITLAB), ""),
    "another GitLab": (gitlab_token("main", iss="https://git.example.com"), ""),
}
