"""`doctor --ci` on ports in memory: in a job, outside of one, and where nothing is set up."""

from dataclasses import replace
from typing import Any

import pytest

from envctl.domain.ci.inspection.job_token import TokenClaims
from envctl.domain.ci.inspection.roles import Attempt, RoleTrial
from envctl.domain.ci.inspection.settings import Unread
from envctl.domain.errors import UsageError
from envctl.domain.findings import Finding
from envctl.usecases.inspect.doctor.ci import diagnose_ci
from envctl.usecases.inspect.doctor.doctor import Doctor
from envctl.usecases.project.signing_keys import pin_keys
from tests.fakes.world import World, make_once
from tests.unit.ci.inspection import test_github, test_gitlab
from tests.usecases.account.test_bootstrap import ACCOUNTS, on_aws
from tests.usecases.steps import edit_project

CI_ROLE = "arn:aws:iam::999999999999:role/envctl-ci-plan"
PULL = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_REPOSITORY": "acme/shop",
    "AWS_ROLE_ARN": CI_ROLE,
}
CLAIMS = {
    "sub": "repo:acme@1/shop@2:pull_request",
    "aud": "sts.amazonaws.com",
    "iss": "https://token.actions.githubusercontent.com",
    "repository_id": "2",
}
TAKEN = RoleTrial(Attempt("yes"), Attempt("no"), {"write states": Attempt("no", "denied")})


def deployer(environment: str) -> str:
    return f"arn:aws:iam::{ACCOUNTS[environment]}:role/envctl-deployer"


def looker(environment: str) -> str:
    return f"arn:aws:iam::{ACCOUNTS[environment]}:role/envctl-look"


@pytest.fixture
@make_once
def world() -> World:
    """Each environment has both roles, and all is as it should be for a pull request."""
    world = on_aws()
    for name in ACCOUNTS:
        lines = f'assume_role = "{deployer(name)}"\nlook_role = "{looker(name)}"\n'
        edit_project(world, (f"[environments.{name}]\n", f"[environments.{name}]\n{lines}"))
    world.ci_forge.variables = dict(PULL)
    world.ci_roles.token = TokenClaims(CLAIMS)
    world.ci_roles.trials = {looker("dev"): TAKEN}
    world.access.accounts[""] = "999999999999"
    return world


def row(found: Doctor, section: str, name: str) -> Finding:
    (one,) = [f for each in found.sections if each.name == section for f in each.findings if f.name == name]
    return one


def list_amiss(found: Doctor) -> list[tuple[str, str, str]]:
    return [(each.name, f.name, f.verdict) for each in found.sections for f in each.findings if f.verdict != "good"]


def list_codes(found: Doctor) -> list[str]:
    return [problem.code for problem in found.problems]


def test_safe_plan_job_has_only_good_rows(world: World) -> None:
    found = diagnose_ci(world.ports)
    assert (list_amiss(found), found.exit_code, found.problems) == ([], 0, ())
    assert [each.name for each in found.sections] == ["job", "role", "dev", "staging", "prod"]
    assert row(found, "job", "sub").seen.startswith("repo:acme@1/shop@2:pull_request (with ids")


def test_plan_job_that_takes_the_deployer_is_bad(world: World) -> None:
    world.ci_roles.trials[deployer("prod")] = RoleTrial(Attempt("yes"))
    found = diagnose_ci(world.ports)
    assert (list_amiss(found), found.exit_code) == ([("prod", "assume_role", "bad")], 1)
    assert list_codes(found) == ["E486"]
    assert "unreviewed code can deploy to prod" in found.problems[0].message


def test_states_of_other_environments_are_out_of_reach(world: World) -> None:
    world.ci_roles.trials[looker("staging")] = TAKEN
    assert list_amiss(diagnose_ci(world.ports)) == [("staging", "look_role", "bad")]
    edit_project(world, ("[pipeline]\n", '[ci]\npull_request_environments = ["staging"]\n[pipeline]\n'))
    assert list_amiss(diagnose_ci(world.ports)) == []


def test_look_role_is_tried_on_an_object_that_no_state_is(world: World) -> None:
    diagnose_ci(world.ports)
    tried = {each.target.arn: each for each in world.ci_roles.asked}
    request = tried[looker("dev")]
    assert (request.bucket, request.key) == ("shop-tfstate-111111111111", "dev/envctl-doctor.tfstate")
    assert request.deployer == deployer("dev")
    assert not tried[deployer("dev")].tries_itself


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ('key = "{env}/{stack}.tfstate"', ("central", "dev/network.tfstate.envctl-doctor")),
        ('key = "all.tfstate"\nworkspace = "{env}-{stack}"', ("central", "env:/dev-network/all.tfstate.envctl-doctor")),
        (f'assume_role = "{deployer("dev")}"\nlook_role = "{looker("dev")}"', ("", "")),
    ],
)
def test_look_role_is_tried_beside_a_state_of_its_own_place(
    world: World, state: str, expected: tuple[str, str]
) -> None:
    edit_project(world, ('[state]\nbackend = "s3"\n', f'[state]\nbackend = "s3"\nbucket = "central"\n{state}\n'))
    diagnose_ci(world.ports)
    request = {each.target.arn: each for each in world.ci_roles.asked}[looker("dev")]
    assert (request.bucket, request.key) == expected


def test_look_role_that_writes_is_bad(world: World) -> None:
    writing = replace(TAKEN, writes={"write states": Attempt("yes"), "create a VPC": Attempt("unknown", "throttled")})
    world.ci_roles.trials[looker("dev")] = writing
    found = diagnose_ci(world.ports)
    assert list_amiss(found) == [("dev", "writes", "bad"), ("dev", "writes", "unseen")]
    assert list_codes(found) == ["E486"]


def test_deploying_job_needs_its_own_deployer_alone(world: World) -> None:
    world.ci_forge.variables = {**PULL, "GITHUB_EVENT_NAME": "push"}
    world.ci_roles.token = TokenClaims({**CLAIMS, "environment": "prod", "sub": "repo:a@1/b@2:environment:prod"})
    assert ("prod", "assume_role", "bad") in list_amiss(diagnose_ci(world.ports))
    world.ci_roles.trials[deployer("prod")] = replace(TAKEN, writes={})
    found = diagnose_ci(world.ports)
    assert list_amiss(found) == []
    assert [each.target.arn for each in world.ci_roles.asked if each.tries_itself][-1] == deployer("prod")
    world.ci_roles.trials[deployer("dev")] = RoleTrial(Attempt("yes"))
    assert list_amiss(diagnose_ci(world.ports)) == [("dev", "assume_role", "bad")]


def test_environment_of_github_may_have_another_name(world: World) -> None:
    edit_project(world, ("[pipeline]\n", '[ci.github]\nenvironments = { prod = "Shop Prod" }\n[pipeline]\n'))
    world.ci_forge.variables = {**PULL, "GITHUB_EVENT_NAME": "push"}
    claims = {**CLAIMS, "environment": "shop prod", "sub": "repo:a@1/b@2:environment:Shop Prod"}
    world.ci_roles.token = TokenClaims(claims)
    world.ci_roles.trials[deployer("prod")] = replace(TAKEN, writes={})
    found = diagnose_ci(world.ports)
    assert list_amiss(found) == []
    assert row(found, "job", "job").seen.startswith("the job of prod")


def test_role_of_the_job_must_not_be_a_taken_role(world: World) -> None:
    # The fake's caller is the deployer of this account.
    world.access.accounts[""] = ACCOUNTS["prod"]
    found = diagnose_ci(world.ports)
    assert list_amiss(found) == [("role", "role of the job", "bad")]
    assert "assume_role of prod too" in found.problems[0].message


def test_role_that_takes_itself_is_bad(world: World) -> None:
    world.ci_roles.trials[CI_ROLE] = RoleTrial(Attempt("yes"))
    assert list_amiss(diagnose_ci(world.ports)) == [("role", "itself", "bad")]


def test_token_is_tried_for_each_role_of_ci(world: World) -> None:
    roles = {name: f"arn:aws:iam::999999999999:role/envctl-ci-{name}" for name in ("plan", "drift", "prod")}
    listed = ", ".join(f'{name} = "{arn}"' for name, arn in roles.items())
    edit_project(world, ("[pipeline]\n", f"[ci.github]\nroles = {{ {listed} }}\n[pipeline]\n"))
    world.ci_roles.given = {roles["plan"]}
    assert list_amiss(diagnose_ci(world.ports)) == []
    world.ci_roles.given = set(roles.values())
    assert list_amiss(diagnose_ci(world.ports)) == [("role", "role of drift", "bad"), ("role", "role of prod", "bad")]


def test_missing_look_roles_are_named(world: World) -> None:
    edit_project(world, (f'look_role = "{looker("prod")}"\n', ""))
    assert list_amiss(diagnose_ci(world.ports)) == [("prod", "look_role", "warn")]


def test_code_of_a_fork_gets_a_word_and_no_try(world: World) -> None:
    sides = {name: {"repo": {"full_name": full}} for name, full in (("head", "mallory/shop"), ("base", "acme/shop"))}
    world.ci_forge.event = {"pull_request": sides}
    found = diagnose_ci(world.ports)
    assert list_amiss(found) == [("job", "fork", "unseen")]
    assert world.ci_roles.asked == []


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_first_run_lists_what_to_set_up(world: World, system: str) -> None:
    gitlab = {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push", "CI_PROJECT_PATH": "acme/shop"}
    world.ci_forge.variables = {**PULL, "AWS_ROLE_ARN": ""} if system == "github" else gitlab
    world.access.refused.add("")
    found = diagnose_ci(world.ports)
    assert found.exit_code == 78
    assert list_codes(found) == ["E485"]
    assert "AWS_ROLE_ARN is empty or not set" in found.problems[0].message
    (section,) = [each for each in found.sections if each.name == "set up"]
    commands = [each.mend for each in section.findings]
    command = {"github": "gh variable set ENVCTL_ROLE --repo acme/shop --env prod", "gitlab": "glab variable set"}
    assert any(command[system] in each for each in commands)
    assert commands[-1] == "envctl doctor --ci"
    assert world.ci_roles.asked == []


def test_refused_token_is_no_first_run(world: World) -> None:
    world.access.refused.add("")
    found = diagnose_ci(world.ports)
    assert (found.exit_code, list_codes(found)) == (1, ["E413"])


def test_job_without_a_token_says_what_is_missing(world: World) -> None:
    world.ci_roles.token = TokenClaims(problem="the job has no token for AWS")
    assert list_amiss(diagnose_ci(world.ports)) == [("job", "token", "unseen")]


def test_only_named_environments_are_tried(world: World) -> None:
    found = diagnose_ci(world.ports, ["prod"])
    assert [each.environment for each in found.sections if each.environment] == ["prod"]
    assert {each.target.environment for each in world.ci_roles.asked} == {"", "prod"}
    with pytest.raises(UsageError, match="E002"):
        diagnose_ci(world.ports, ["prd"])


def test_broken_project_file_is_misconfigured(world: World) -> None:
    world.tree.content["envctl.toml"] = b"[project"
    found = diagnose_ci(world.ports)
    assert (found.exit_code, [each.name for each in found.sections]) == (78, ["project"])


def on_laptop(world: World, settings: Any, remote: str) -> None:
    world.ci_forge.variables = {}
    world.ci_forge.settings = settings
    world.version_control.remote = remote


def name_roles(world: World) -> None:
    names = ("plan", "drift", *ACCOUNTS)
    roles = ", ".join(f'{name} = "arn:aws:iam::999999999999:role/envctl-ci-{name}"' for name in names)
    edit_project(world, ("[pipeline]\n", f"[ci.github]\nroles = {{ {roles} }}\n[pipeline]\n"))


UNSIGNED = ("prod", "signatures", "warn")
GITHUB_REMOTE, GITLAB_REMOTE = "git@github.com:acme/shop.git", "git@gitlab.com:acme/shop.git"


def build_github() -> Any:
    fine = test_github.FINE
    names = ("dev", "staging", "prod")
    environments = dict.fromkeys(names, fine.environments["prod"])
    variables = {"": fine.variables[""], **dict.fromkeys(names, fine.variables["prod"])}
    return replace(fine, environments=environments, variables=variables)


def test_strong_repository_has_only_good_rows(world: World) -> None:
    on_laptop(world, build_github(), GITHUB_REMOTE)
    found = diagnose_ci(world.ports)
    assert ({verdict for _, _, verdict in list_amiss(found)}, found.exit_code) == ({"warn"}, 0)
    name_roles(world)
    found = diagnose_ci(world.ports)
    assert (list_amiss(found), found.exit_code) == ([UNSIGNED], 0)
    assert "who writes into the store can forge approvals of prod" in row(found, "prod", "signatures").seen
    sections = ["repository", "set up", "branch", "jobs", "dev", "staging", "prod"]
    assert [each.name for each in found.sections] == sections
    assert row(found, "repository", "repository").seen == "github.com/acme/shop on GitHub"
    (path, wanted) = world.ci_forge.asked[-1]
    assert (path, wanted.environments) == ("acme/shop", ("dev", "staging", "prod"))


def test_shaped_workflows_are_looked_for_under_their_names(world: World) -> None:
    text = '[ci.github]\nbranch = "trunk"\nprefix = "shop"\nenvironments = { prod = "shop-prod" }\n[pipeline]\n'
    edit_project(world, ("[pipeline]\n", text))
    on_laptop(world, build_github(), GITHUB_REMOTE)
    diagnose_ci(world.ports, ["prod"])
    ((_, wanted),) = world.ci_forge.asked
    assert (wanted.environments, wanted.branch) == (("shop-prod",), "trunk")
    assert wanted.workflows["plan"] == ".github/workflows/shop-plan.yml"


def test_weak_settings_fail_with_their_code(world: World) -> None:
    on_laptop(world, replace(build_github(), jobs_may_approve=True), GITHUB_REMOTE)
    name_roles(world)
    found = diagnose_ci(world.ports)
    assert (list_amiss(found), found.exit_code) == ([("jobs", "approving jobs", "bad"), UNSIGNED], 1)
    assert list_codes(found) == ["E483"]


def test_missing_roles_are_a_setup_that_is_not_done(world: World) -> None:
    on_laptop(world, replace(build_github(), variables={}), GITHUB_REMOTE)
    found = diagnose_ci(world.ports)
    assert (found.exit_code, set(list_codes(found))) == (78, {"E485"})


def test_unread_settings_never_pass_in_silence(world: World) -> None:
    on_laptop(world, replace(build_github(), branch=Unread("GitHub answers 502")), GITHUB_REMOTE)
    name_roles(world)
    found = diagnose_ci(world.ports)
    assert (list_amiss(found), found.exit_code) == ([("branch", "rules", "unseen"), UNSIGNED], 0)
    assert row(found, "branch", "rules").seen == "not checked: GitHub answers 502"


def test_project_of_gitlab_is_checked(world: World) -> None:
    environment = test_gitlab.FINE.environments["prod"]  # type: ignore[index]
    variables = test_gitlab.SET + tuple(replace(test_gitlab.SET[0], scope=name) for name in ("dev", "staging"))
    environments = dict.fromkeys(("dev", "staging", "prod"), environment)
    settings = replace(test_gitlab.FINE, environments=environments, variables=variables)
    on_laptop(world, settings, GITLAB_REMOTE)
    found = diagnose_ci(world.ports)
    assert (list_amiss(found), found.exit_code) == ([UNSIGNED], 0)
    assert row(found, "repository", "repository").seen == "gitlab.com/acme/shop on GitLab"


def test_missing_token_is_bad(world: World) -> None:
    on_laptop(world, None, GITHUB_REMOTE)
    found = diagnose_ci(world.ports)
    assert (list_amiss(found), found.exit_code, list_codes(found)) == (
        [("repository", "repository", "bad")],
        1,
        ["E484"],
    )


@pytest.mark.parametrize("remote", ["", "/srv/git/shop.git", "git@evil.example:acme/shop.git"])
def test_unknown_repository_says_what_is_missing(world: World, remote: str) -> None:
    on_laptop(world, build_github(), remote)
    found = diagnose_ci(world.ports)
    assert (found.exit_code, list_codes(found)) == (78, ["E485"])
    assert "the repository of this project is unknown" in found.problems[0].message
    assert world.ci_forge.asked == []


def test_nothing_is_written(world: World) -> None:
    before = dict(world.store.content), dict(world.tree.content)
    diagnose_ci(world.ports)
    on_laptop(world, build_github(), GITHUB_REMOTE)
    diagnose_ci(world.ports)
    assert (world.store.content, world.tree.content) == before


def test_sandbox_has_no_roles_to_try(world: World) -> None:
    world.sandbox = True
    assert list_amiss(diagnose_ci(world.ports)) == [("role", "roles", "unseen")]
    assert world.ci_roles.asked == []


PEOPLE = """signing_key = "alias/envctl-prod"
approval_signing_key = "arn:aws:kms:eu-west-1:999999999999:alias/envctl-approve-prod"
"""
APPROVAL = "prod-approval"
APPROVAL_ROLE = f"arn:aws:iam::999999999999:role/envctl-ci-{APPROVAL}"


def add_people_key(world: World) -> None:
    edit_project(world, ("[environments.prod]\n", f"[environments.prod]\n{PEOPLE}"))
    pin_keys(world.ports, create=True)


def run_in(world: World, environment: str) -> None:
    world.ci_forge.variables = {**PULL, "GITHUB_EVENT_NAME": "push"}
    claims = {**CLAIMS, "environment": environment, "sub": f"repo:a@1/b@2:environment:{environment}"}
    world.ci_roles.token = TokenClaims(claims)
    world.ci_roles.trials = {deployer("prod"): replace(TAKEN, writes={})} if environment == "prod" else {}


def test_approving_job_signs_and_deploys_nothing(world: World) -> None:
    add_people_key(world)
    table = f'[ci.github]\nroles = {{ {APPROVAL} = "{APPROVAL_ROLE}" }}\n[pipeline]\n'
    edit_project(world, ("[pipeline]\n", table))
    world.ci_roles.given.add(APPROVAL_ROLE)
    run_in(world, APPROVAL)
    found = diagnose_ci(world.ports)
    assert list_amiss(found) == []
    assert row(found, "prod", "approval_signing_key").seen == "the role signs with it, as it should be"
    world.signatures.for_role("people").refused.add("prod")
    assert list_amiss(diagnose_ci(world.ports)) == [("prod", "approval_signing_key", "bad")]


def test_deploying_job_that_may_approve_is_bad(world: World) -> None:
    add_people_key(world)
    run_in(world, "prod")
    found = diagnose_ci(world.ports)
    assert list_amiss(found) == [("prod", "approval_signing_key", "bad")]
    assert row(found, "prod", "approval_signing_key").seen.startswith("the job of prod signs with it: it can approve")
    world.signatures.for_role("people").refused.add("prod")
    assert list_amiss(diagnose_ci(world.ports)) == []


def test_reviewers_belong_to_the_approving_job_alone(world: World) -> None:
    add_people_key(world)
    name_roles(world)
    edit_project(world, ("[ci.github]\nroles = { ", f'[ci.github]\nroles = {{ {APPROVAL} = "{APPROVAL_ROLE}", '))
    fine = build_github()
    on_laptop(world, fine, GITHUB_REMOTE)
    found = diagnose_ci(world.ports)
    assert list_amiss(found) == [("prod", "reviewers", "warn"), (APPROVAL, "environment", "bad")]
    assert "asked after those of prod-approval, and approve nothing" in row(found, "prod", "reviewers").seen
    bare = replace(fine.environments["prod"], reviewers=0)
    both = {**fine.environments, "prod": bare, APPROVAL: fine.environments["prod"]}
    on_laptop(world, replace(fine, environments=both), GITHUB_REMOTE)
    assert list_amiss(diagnose_ci(world.ports)) == []
    on_laptop(world, replace(fine, environments={**both, APPROVAL: bare}), GITHUB_REMOTE)
    assert [each[:2] for each in list_amiss(diagnose_ci(world.ports))] == [(APPROVAL, "reviewers")]
