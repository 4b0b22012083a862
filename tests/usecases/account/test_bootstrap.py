"""Bootstrap on buckets in memory: what is made, what is left alone, who is asked, and what goes wrong alone."""

from dataclasses import replace

import pytest

from envctl.domain.aws import bucket_policy
from envctl.domain.aws.bucket_plan import DEFAULT_RETENTION
from envctl.domain.aws.buckets import BucketStep, CreateBucket, EncryptObjects, FoundBucket, Retention, WritePolicy
from envctl.domain.errors import ConfigurationError, InterruptedByUserError, Problem, UsageError
from envctl.usecases.account.bootstrap import Bootstrap, bootstrap, check_buckets
from envctl.usecases.ledger.ledger_store import PROBE_KEY
from tests.fakes.buckets import StoredBucket
from tests.fakes.overwritable import Forgetful
from tests.fakes.project_files import PROJECT
from tests.fakes.world import World
from tests.usecases.steps import edit_project

DEV, STAGING, PROD, OWN = "111111111111", "222222222222", "333333333333", "999999999999"
STORE, ACCOUNTS = "shop-store", {"dev": DEV, "staging": STAGING, "prod": PROD}
STATES = {name: f"shop-tfstate-{account}" for name, account in ACCOUNTS.items()}


def on_aws(**accounts: str) -> World:
    text = PROJECT.decode() + f'[store]\nurl = "s3://{STORE}/envctl"\naccount_id = "{OWN}"\n[state]\nbackend = "s3"\n'
    for name, account in {**ACCOUNTS, **accounts}.items():
        place = f'[environments.{name}]\naccount_id = "{account}"\nregion = "ap-northeast-1"\n'
        text = text.replace(f"[environments.{name}]\n", place, 1)
    world = World()
    world.edit("envctl.toml", text)
    world.access.accounts = {"": OWN, **ACCOUNTS, **accounts}
    return world


@pytest.fixture
def world() -> World:
    return on_aws()


def outcomes(found: Bootstrap) -> dict[str, str]:
    return {each.name: each.outcome for each in found.buckets}


def codes(found: Bootstrap) -> list[str]:
    return [problem.code for problem in found.problems]


def test_all_buckets_are_created_and_complete(world: World) -> None:
    found = bootstrap(world.ports)
    assert outcomes(found) == dict.fromkeys([STORE, *STATES.values()], "whole")
    assert (found.exit_code, found.problems, found.next) == (0, (), "envctl doctor")
    assert {name: bucket.account_id for name, bucket in world.buckets.there.items()} == {
        STORE: OWN,
        **{STATES[name]: account for name, account in ACCOUNTS.items()},
    }
    assert world.buckets.there[STORE].found.retention == DEFAULT_RETENTION
    assert found.create_only and found.create_only.verdict == "good"


def test_each_bucket_is_created_with_environment_credentials(world: World) -> None:
    bootstrap(world.ports)
    assert {(environment, name) for environment, name, _ in world.buckets.taken} == {("", STORE), *STATES.items()}


def test_second_bootstrap_changes_and_asks_nothing(world: World) -> None:
    bootstrap(world.ports)
    world.buckets.taken.clear()
    world.observer.intended.clear()
    world.prompter.nobody = True
    before = dict(world.store.content)
    assert bootstrap(world.ports).exit_code == 0
    assert (world.buckets.taken, world.observer.intended) == ([], [])
    assert world.store.content == before


def test_steps_are_shown_before_the_question(world: World) -> None:
    world.prompter.answers = [False]
    with pytest.raises(InterruptedByUserError, match="E310"):
        bootstrap(world.ports)
    (shown,) = world.observer.intended
    assert shown[0].steps[0] == "create the bucket, with object lock"
    assert shown[0].steps[-1].endswith(f"{PROBE_KEY} is created once, and stays")
    assert [each.steps[0] for each in shown[1:]] == ["create the bucket"] * 3
    assert (world.buckets.there, world.store.content) == ({}, {})


def test_bootstrap_without_terminal_changes_nothing(world: World) -> None:
    world.prompter.nobody = True
    with pytest.raises(UsageError, match="E001"):
        bootstrap(world.ports)
    assert world.buckets.there == {}


def test_dry_run_shows_same_steps_without_changes(world: World) -> None:
    dry = bootstrap(world.ports, dry_run=True)
    assert (world.buckets.there, world.store.content) == ({}, {})
    assert dry.exit_code == 0
    bootstrap(world.ports)
    assert tuple(each.steps for each in world.observer.intended[0]) == tuple(each.steps for each in dry.buckets)


def test_check_reports_missing_buckets_and_changes_nothing(world: World) -> None:
    found = check_buckets(world.ports)
    assert outcomes(found) == dict.fromkeys([STORE, *STATES.values()], "missing")
    assert (found.exit_code, found.next, found.create_only) == (2, "envctl bootstrap", None)
    assert (world.buckets.there, world.store.content) == ({}, {})


def test_check_reports_weaker_bucket_and_its_fix(world: World) -> None:
    bootstrap(world.ports)
    there = world.buckets.there[STATES["prod"]]
    there.found = replace(there.found, versioning="Suspended")
    found = check_buckets(world.ports)
    assert [each.name for each in found.buckets if each.outcome == "differs"] == [STATES["prod"]]
    (weak,) = [each for each in found.buckets[-1].findings if each.verdict != "good"]
    assert (weak.name, weak.seen, weak.mend) == ("versioning", "suspended", "keep every version of an object")
    assert (found.exit_code, found.next) == (2, "envctl bootstrap")


def test_check_of_unprobed_store_is_incomplete(world: World) -> None:
    bootstrap(world.ports)
    world.store.content.clear()
    found = check_buckets(world.ports)
    assert found.create_only and found.create_only.verdict == "unseen"
    assert (found.exit_code, found.next, world.store.content) == (2, "envctl bootstrap", {})


def test_named_environments_limit_bootstrap_to_their_states(world: World) -> None:
    found = bootstrap(world.ports, ["prod", "prod"])
    assert outcomes(found) == {STATES["prod"]: "whole"}
    assert "" not in world.access.asked
    assert check_buckets(world.ports, ["prod"]).exit_code == 0


def test_unknown_environment_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="E002"):
        bootstrap(world.ports, ["prd"])


def test_environments_of_one_account_share_a_bucket() -> None:
    world = on_aws(staging=DEV)
    found = bootstrap(world.ports)
    assert [each.environments for each in found.buckets] == [(), ("dev", "staging"), ("prod",)]
    assert sum(isinstance(step, CreateBucket) for _, _, step in world.buckets.taken) == 3


TWICE = {
    "of two accounts": ('backend = "s3"', 'backend = "s3"\nbucket = "shop-tfstate"', "in two places"),
    "of a state and the store": ('backend = "s3"', f'backend = "s3"\nbucket = "{STORE}"', "the store and a state"),
}


@pytest.mark.parametrize(("old", "new", "said"), TWICE.values(), ids=TWICE)
def test_one_bucket_may_not_serve_two_purposes(world: World, old: str, new: str, said: str) -> None:
    edit_project(world, (old, new))
    if said == "the store and a state":
        world.access.accounts = dict.fromkeys(["", *ACCOUNTS], OWN)
        for account in ACCOUNTS.values():
            edit_project(world, (account, OWN))
    with pytest.raises(ConfigurationError, match=f"E427.*{said}"):
        bootstrap(world.ports)
    assert world.buckets.there == {}


def test_bucket_in_wrong_account_is_left_alone(world: World) -> None:
    world.access.accounts["staging"] = PROD
    found = bootstrap(world.ports)
    assert outcomes(found)[STATES["staging"]] == "unknown"
    assert (codes(found), found.exit_code) == (["E423"], 1)
    assert STATES["staging"] not in world.buckets.there
    assert len(world.buckets.there) == 3


def test_denied_credentials_do_not_block_other_buckets(world: World) -> None:
    world.access.refused.add("dev")
    found = bootstrap(world.ports)
    assert (codes(found), found.exit_code) == (["E413"], 1)
    assert sorted(world.buckets.there) == sorted([STORE, STATES["staging"], STATES["prod"]])


def test_store_in_another_account_is_not_probed(world: World) -> None:
    world.access.accounts[""] = DEV
    found = bootstrap(world.ports)
    assert codes(found) == ["E423"]
    assert world.store.content == {}


def test_as_me_uses_own_credentials_in_their_account(world: World) -> None:
    world.access.accounts[""] = PROD
    found = bootstrap(world.ports, ["dev", "prod"], as_me=True)
    assert (outcomes(found), codes(found)) == ({STATES["dev"]: "unknown", STATES["prod"]: "whole"}, ["E423"])
    assert {environment for environment, _, _ in world.buckets.taken} == {""}
    assert check_buckets(world.ports, ["dev"], as_me=True).next == ""


ELSEWHERE = {
    "is somebody else's": (StoredBucket("444444444444", "ap-northeast-1"), "E420"),
    "is in another region": (StoredBucket(DEV, "eu-west-1"), "E421"),
}


@pytest.mark.parametrize(("bucket", "code"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_bucket_is_left_unchanged_when(world: World, bucket: StoredBucket, code: str) -> None:
    world.buckets.there[STATES["dev"]] = bucket
    found = bootstrap(world.ports)
    assert (codes(found), found.exit_code) == ([code], 1)
    assert world.buckets.there[STATES["dev"]].found == FoundBucket()
    assert not any(name == STATES["dev"] for _, name, _ in world.buckets.taken)
    assert len(world.buckets.there) == 4
    assert check_buckets(world.ports).exit_code == 1


def test_unreadable_bucket_does_not_hide_others(world: World) -> None:
    bootstrap(world.ports)
    world.buckets.closed.add(STATES["dev"])
    there = world.buckets.there[STATES["prod"]]
    there.found = replace(there.found, encryption="")
    found = check_buckets(world.ports)
    whole = dict.fromkeys((STORE, STATES["staging"]), "whole")
    assert outcomes(found) == {**whole, STATES["dev"]: "unknown", STATES["prod"]: "differs"}
    assert (found.exit_code, codes(found)) == (1, ["E424"])


def test_unreadable_part_is_reported_and_left_alone(world: World) -> None:
    denied = Problem("E424", "can't be looked at: Access Denied (AccessDenied)", "allow s3:GetBucketPolicy on it")
    world.buckets.there[STATES["dev"]] = StoredBucket(DEV, "ap-northeast-1", FoundBucket(unseen={"policy": denied}))
    found = bootstrap(world.ports, ["dev"])
    assert found.exit_code == 1
    (told,) = found.problems
    assert told.message == f"{STATES['dev']}: its policy can't be looked at: Access Denied (AccessDenied)"
    assert world.buckets.there[STATES["dev"]].found.encryption == "AES256"
    assert not any(isinstance(step, WritePolicy) for _, _, step in world.buckets.taken)


@pytest.mark.parametrize("refused", [EncryptObjects, WritePolicy], ids=lambda step: step.__name__)
def test_denied_step_does_not_block_other_steps(world: World, refused: type[BucketStep]) -> None:
    world.buckets.refused = {refused}
    found = bootstrap(world.ports, ["dev"])
    (report,) = found.buckets
    assert (codes(found), found.exit_code) == (["E425"], 1)
    assert [each.verdict for each in report.findings].count("warn") == 1
    assert len(report.steps) == 5


def test_failed_bucket_creation_stops_its_other_steps(world: World) -> None:
    world.buckets.refused = {CreateBucket}
    found = bootstrap(world.ports)
    assert codes(found) == ["E425"] * 4
    assert (world.buckets.taken, world.store.content) == ([], {})


def test_existing_policy_and_rules_are_kept(world: World) -> None:
    theirs = {"Sid": "Audit", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    rule = {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 9}}
    kept = FoundBucket(
        encryption="aws:kms", policy={"Statement": [theirs]}, retention=Retention("COMPLIANCE", 30), rules=(rule,)
    )
    world.buckets.there[STORE] = StoredBucket(OWN, "ap-northeast-1", kept)
    assert bootstrap(world.ports).exit_code == 0
    found = world.buckets.there[STORE].found
    assert (found.encryption, found.retention) == ("aws:kms", Retention("COMPLIANCE", 30))
    assert (found.policy["Statement"][0], found.rules[0]) == (theirs, rule)
    assert bucket_policy.SID_PREFIX in str(found.policy)


def test_store_that_allows_overwriting_is_refused(world: World) -> None:
    world.store = Forgetful()
    found = bootstrap(world.ports)
    assert (codes(found), found.exit_code, found.next) == (["E426"], 1, "")
    assert found.create_only is None
    assert check_buckets(world.ports).exit_code == 2, "what was written over is still there to be seen"


def test_local_project_needs_no_buckets() -> None:
    world = World()
    for found in (bootstrap(world.ports), check_buckets(world.ports), bootstrap(world.ports, dry_run=True)):
        assert (found.buckets, found.exit_code, len(found.needless)) == ((), 0, 2)
    assert (world.access.asked, world.store.content) == ([], {})


def test_local_state_needs_no_bucket_beside_remote_store(world: World) -> None:
    edit_project(world, ('backend = "s3"', 'backend = "local"'))
    found = bootstrap(world.ports)
    assert [each.purpose for each in found.buckets] == ["store"]
    assert len(found.needless) == 1


CENTRAL, TOOLS = "all-states", "444444444444"


def with_central_bucket(more: str = "", **accounts: str) -> World:
    world = on_aws()
    told = f'[state]\nbackend = "s3"\nbucket = "{CENTRAL}"\naccount_id = "{TOOLS}"\n{more}'
    edit_project(world, ('[state]\nbackend = "s3"\n', told))
    world.access.accounts |= accounts
    return world


def test_central_bucket_is_set_up_once_as_a_person_of_its_account() -> None:
    world = with_central_bucket(**{"": TOOLS})
    found = bootstrap(world.ports, ["dev", "prod"], as_me=True)
    assert outcomes(found) == {CENTRAL: "whole"}
    assert world.buckets.there[CENTRAL].account_id == TOOLS
    assert {environment for environment, _, _ in world.buckets.taken} == {""}


def test_roles_of_environments_leave_a_central_bucket_alone() -> None:
    world = with_central_bucket()
    found = bootstrap(world.ports)
    assert codes(found) == ["E509"]
    assert "444444444444" in found.problems[0].message
    assert found.problems[0].hint.endswith("envctl bootstrap --as-me")
    assert CENTRAL not in world.buckets.there


def test_role_of_states_sets_up_their_bucket() -> None:
    role = f'assume_role = "arn:aws:iam::{TOOLS}:role/states-of-{{env}}"\n'
    roles = {f"states of {name}": TOOLS for name in ACCOUNTS}
    world = with_central_bucket(role, **roles)
    assert outcomes(bootstrap(world.ports))[CENTRAL] == "whole"
    assert {environment for environment, name, _ in world.buckets.taken if name == CENTRAL} == {"states of dev"}
    world.buckets.there.clear()
    world.access.accounts["states of dev"] = DEV
    assert codes(bootstrap(world.ports, ["dev"])) == ["E423"]


def test_other_backends_are_not_checked() -> None:
    world = on_aws()
    edit_project(world, ('[state]\nbackend = "s3"\n', '[state]\nbackend = "gcs"\nbucket = "b"\n'))
    found = check_buckets(world.ports)
    assert [each.name for each in found.buckets] == [STORE]
    assert found.needless == ("states are in gcs: not checked, and envctl sets nothing up there",)
