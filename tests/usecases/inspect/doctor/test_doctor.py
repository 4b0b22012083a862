"""The doctor on in-memory ports: each row tells of one thing, and one that is bad hides no other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from envctl.domain.aws.buckets import FoundBucket
from envctl.domain.errors import ConfigurationError, OperationFailedError, Problem, UsageError
from envctl.domain.findings import Finding
from envctl.usecases.account.bootstrap import bootstrap
from envctl.usecases.deployment.apply import apply
from envctl.usecases.inspect.doctor.doctor import Doctor, diagnose_project
from envctl.usecases.ports.installation import Package
from envctl.usecases.ports.terraform import InstalledTerraform, ProviderSource
from tests.fakes.buckets import StoredBucket
from tests.fakes.overwritable import Forgetful
from tests.fakes.signing import create_signing_world
from tests.fakes.store import MemoryStore
from tests.fakes.world import World
from tests.usecases.account.test_bootstrap import DEV, OWN, STATES, STORE, on_aws
from tests.usecases.steps import edit_project

LOCK = b'provider "registry.terraform.io/hashicorp/aws" {\n  version = "6.25.0"\n}\n'


@pytest.fixture
def world() -> World:
    """All is well there."""
    world = on_aws()
    world.tree.content[world.provider_lock] = LOCK
    world.access.off = timedelta(seconds=1)
    pin_terraform(world)
    bootstrap(world.ports)
    return world


def pin_terraform(world: World, version: str = "1.15.5") -> None:
    pin = f'[terraform.pin]\nprogram = "terraform"\nversion = "{version}"\nsha256.linux_amd64 = "{"a" * 64}"\n'
    world.tree.content["envctl.toml"] += pin.encode()
    world.terraform.installed_terraform = InstalledTerraform(
        "/usr/bin/terraform", "1.15.5", sha256="a" * 64, pinned="terraform"
    )


def row(found: Doctor, section: str, name: str) -> Finding:
    (one,) = [f for each in found.sections if each.name == section for f in each.findings if f.name == name]
    return one


def amiss(found: Doctor) -> list[tuple[str, str, str]]:
    return [(each.name, f.name, f.verdict) for each in found.sections for f in each.findings if f.verdict != "good"]


def codes(found: Doctor) -> list[str]:
    return [problem.code for problem in found.problems]


def test_healthy_project_has_only_good_rows(world: World) -> None:
    found = diagnose_project(world.ports)
    assert (amiss(found), found.exit_code, found.problems) == ([], 0, ())
    assert [each.name for each in found.sections] == [
        "envctl",
        "project",
        "Terraform",
        "you",
        "store",
        "dev",
        "staging",
        "prod",
    ]
    assert row(found, "Terraform", "terraform").seen == "1.15.5 (/usr/bin/terraform), pinned"
    assert row(found, "Terraform", "provider lock").seen == "hashicorp/aws 6.25.0"


def test_another_package_called_envctl_is_a_warning(world: World) -> None:
    world.installation.rivals.append(Package("envctl", "2.5.1", "/site-packages"))
    found = diagnose_project(world.ports)
    assert (amiss(found), found.exit_code) == ([("envctl", "packages", "warn")], 0)
    told = row(found, "envctl", "packages")
    assert told.seen == "another package also installs envctl: envctl 2.5.1 in /site-packages"
    assert told.mend == "pip uninstall envctl"


def test_another_package_is_named_without_a_project(world: World) -> None:
    world.installation.rivals.append(Package("envctl", "2.5.1", "/site-packages"))
    del world.tree.content["envctl.toml"]
    assert row(diagnose_project(world.ports), "project", "packages").verdict == "warn"


def test_checkout_without_a_package_is_fine(world: World) -> None:
    world.installation.own = None
    assert row(diagnose_project(world.ports), "envctl", "packages").seen == "envctl runs from a checkout"


def test_unwritten_usual_gates_are_a_warning(world: World) -> None:
    edit_project(world, ("[environments.staging.gates]\napprovals = {}\n", ""))
    found = diagnose_project(world.ports)
    assert (amiss(found), found.exit_code) == ([("project", "approvals", "warn")], 0)
    told = row(found, "project", "approvals")
    text = world.tree.content["envctl.toml"].decode()
    where = text[: text.index("[environments.staging]")].count("\n") + 1
    assert told.seen.startswith(f"envctl.toml:{where}: staging has no approvals setting")
    assert "[environments.staging.gates] approvals = {}" in told.mend


def test_gate_that_one_review_cannot_open_is_a_warning(world: World) -> None:
    edit_project(world, ("business = 2 }\n", 'business = 2 }\nreviewers = "business"\n'))
    found = diagnose_project(world.ports)
    assert (amiss(found), found.exit_code) == ([("project", "approvals", "warn")], 0)
    assert "business needs 2 people" in row(found, "project", "approvals").seen


def test_doctor_writes_nothing(world: World) -> None:
    before, taken = dict(world.store.content), len(world.buckets.taken)
    diagnose_project(world.ports)
    assert (world.store.content, len(world.buckets.taken)) == (before, taken)


def test_only_named_environments_are_checked(world: World) -> None:
    world.access.asked.clear()
    found = diagnose_project(world.ports, ["prod"])
    assert [each.environment for each in found.sections if each.environment] == ["prod"]
    assert not {"dev", "staging"} & set(world.access.asked)
    with pytest.raises(UsageError, match="E002"):
        diagnose_project(world.ports, ["prd"])


BROKEN = {"it is missing": None, "it is no TOML": b"[project", "a key is not known": b'[project]\nnam = "x"\n'}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_broken_project_file_is_bad_where(world: World, data: bytes | None) -> None:
    world.tree.content.pop("envctl.toml")
    if data is not None:
        world.tree.content["envctl.toml"] = data
    found = diagnose_project(world.ports)
    assert row(found, "project", "envctl.toml").verdict == "bad"
    assert found.exit_code == 78
    assert found.problems
    assert row(found, "project", "terraform").verdict == "good"
    assert {f.verdict for f in found.sections[0].findings[3:]} == {"unseen"}


def test_unfit_settings_hide_no_other_rows(world: World) -> None:
    world.edit("environments/prod/terraform.tfvars", 'cidr = []\nsise = "x"\n')
    found = diagnose_project(world.ports)
    assert amiss(found) == [("project", "settings", "bad")]
    told = row(found, "project", "settings")
    assert told.seen.startswith("environments/prod/terraform.tfvars:1: E204")
    assert told.seen.endswith("(and 1 more)")
    assert (told.mend, found.exit_code, codes(found)) == ("envctl validate", 78, ["E204", "E203"])


def test_unpinned_terraform_of_real_accounts_is_a_warning() -> None:
    world = on_aws()
    found = row(diagnose_project(world.ports), "Terraform", "terraform pin")
    assert (found.verdict, found.mend) == ("warn", "envctl terraform pin 1.15.5")
    world.sandbox = True
    names = [f.name for each in diagnose_project(world.ports).sections for f in each.findings]
    assert "terraform" in names and "terraform pin" not in names


def test_pin_of_another_version_is_bad() -> None:
    world = on_aws()
    pin_terraform(world, "1.14.0")
    found = diagnose_project(world.ports)
    assert row(found, "Terraform", "terraform").verdict == "bad"
    assert "its SHA-256 is that of 1.15.5" in row(found, "Terraform", "terraform").seen


def test_disallowed_terraform_version_is_bad(world: World) -> None:
    world.terraform.installed_terraform = InstalledTerraform("/usr/bin/terraform", "1.5.7")
    found = diagnose_project(world.ports)
    assert amiss(found) == [("Terraform", "terraform", "bad")]
    assert (found.exit_code, codes(found)) == (1, ["E302"])


def test_missing_terraform_is_bad(world: World) -> None:
    world.terraform.installed_terraform = ConfigurationError(Problem("E302", "Terraform was not found", "install it"))
    found = diagnose_project(world.ports)
    assert (amiss(found), row(found, "Terraform", "terraform").mend) == (
        [("Terraform", "terraform", "bad")],
        "install it",
    )


def test_no_provider_lock_is_a_warning(world: World) -> None:
    world.tree.content.pop(world.provider_lock)
    found = diagnose_project(world.ports)
    assert (amiss(found), found.exit_code) == ([("Terraform", "provider lock", "warn")], 0)
    assert row(found, "Terraform", "provider lock").mend.endswith(": envctl apply dev")


def test_deployed_project_without_providers_needs_no_lock(world: World) -> None:
    del world.tree.content[".terraform.lock.hcl"]
    apply(world.ports, "dev")
    world.tree.content.pop(".terraform.lock.hcl", None)
    assert row(diagnose_project(world.ports), "Terraform", "provider lock").seen == "none: no module needs a provider"


SOURCES = {
    "a registry that nobody can reach": (ProviderSource("registry", "r.io", asked=True, problem="timed out"), "bad"),
    "a mirror that is not there": (ProviderSource("mirror", "/m", asked=True, problem="no such folder"), "bad"),
    "a registry that was not asked": (ProviderSource("registry", "r.io"), "unseen"),
    "a registry that answers": (ProviderSource("registry", "r.io", asked=True), "good"),
    "a mirror elsewhere": (ProviderSource("mirror", "https://m.example.com/"), "good"),
}


@pytest.mark.parametrize(("source", "verdict"), SOURCES.values(), ids=SOURCES)
def test_provider_source_is_judged(world: World, source: ProviderSource, verdict: str) -> None:
    world.terraform.provider_source = source
    found = diagnose_project(world.ports)
    assert row(found, "Terraform", "providers").verdict == verdict
    assert codes(found) == (["E325"] if verdict == "bad" else [])


CLOCKS = {
    "right": (0, "good"),
    "a little off": (-59, "good"),
    "a minute ahead": (60, "warn"),
    "some minutes behind": (-299, "warn"),
    "so far ahead that AWS refuses": (300, "bad"),
    "so far behind that AWS refuses": (-86400, "bad"),
}


@pytest.mark.parametrize(("seconds", "verdict"), CLOCKS.values(), ids=CLOCKS)
def test_clock_skew_is_judged(world: World, seconds: int, verdict: str) -> None:
    world.access.off = timedelta(seconds=seconds)
    found = diagnose_project(world.ports)
    told = row(found, "you", "clock")
    assert told.verdict == verdict
    assert f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} that of AWS" in told.seen
    assert (found.exit_code, codes(found)) == ((1, ["E428"]) if verdict == "bad" else (0, []))


def test_clock_without_reference_is_unchecked(world: World) -> None:
    world.access.off = None
    found = diagnose_project(world.ports)
    assert (amiss(found), found.exit_code) == ([("you", "clock", "unseen")], 0)


def test_credentials_that_expire_soon_are_reported(world: World) -> None:
    world.access.ends_at = world.clock.time + timedelta(minutes=10)
    told = row(diagnose_project(world.ports), "dev", "credentials")
    assert (told.verdict, told.mend) == ("warn", "sign in again before you deploy")
    assert told.seen.endswith("9 min left")
    world.access.ends_at = world.clock.time + timedelta(hours=1)
    assert row(diagnose_project(world.ports), "dev", "credentials").verdict == "good"


def test_environment_without_credentials_hides_no_other(world: World) -> None:
    world.access.refused.add("staging")
    found = diagnose_project(world.ports)
    assert amiss(found) == [("staging", "credentials", "bad"), ("staging", "bucket", "unseen")]
    assert (found.exit_code, codes(found)) == (1, ["E413"])


def test_account_of_another_environment_is_bad(world: World) -> None:
    world.access.accounts["prod"] = DEV
    found = diagnose_project(world.ports)
    assert ("prod", "credentials", "bad") in amiss(found)
    assert codes(found) == ["E423"]


def test_unchecked_account_is_a_warning(world: World) -> None:
    edit_project(world, (f'account_id = "{DEV}"\n', ""))
    edit_project(world, ('backend = "s3"', f'backend = "s3"\nbucket = "{STATES["dev"]}"'))
    told = row(diagnose_project(world.ports, ["dev"]), "dev", "account")
    assert (told.verdict, told.mend) == ("warn", f'add it to envctl.toml: account_id = "{DEV}"')


def test_missing_bucket_is_bad_with_its_fix(world: World) -> None:
    world.buckets.there.clear()
    found = diagnose_project(world.ports)
    assert [name for name, _, verdict in amiss(found) if verdict == "bad"] == ["store", "dev", "staging", "prod"]
    assert row(found, "store", "bucket").mend == "envctl bootstrap"
    assert row(found, "dev", "bucket").mend == "envctl bootstrap dev"
    assert set(codes(found)) == {"E429"}


def test_weak_bucket_is_a_warning_with_its_weaknesses(world: World) -> None:
    there = world.buckets.there[STATES["prod"]]
    there.found = replace(there.found, versioning="", encryption="")
    told = row(diagnose_project(world.ports), "prod", "bucket")
    assert (told.verdict, told.mend) == ("warn", "envctl bootstrap prod --check")
    assert told.seen.endswith("has weak settings: versioning, encryption")


def test_unreadable_part_of_a_bucket_is_no_fault(world: World) -> None:
    there = world.buckets.there[STORE]
    there.found = replace(there.found, unseen={"policy": Problem("E424", "can't be looked at", "allow it")})
    found = diagnose_project(world.ports)
    assert (amiss(found), found.exit_code) == ([("store", "bucket", "unseen")], 0)
    assert row(found, "store", "bucket").seen.endswith("no permission to read its policy")


def test_store_in_another_account_is_no_fault(world: World) -> None:
    world.access.accounts[""] = DEV
    found = diagnose_project(world.ports)
    assert (amiss(found), found.exit_code) == ([("store", "bucket", "unseen")], 0)


def test_store_without_account_id_is_a_warning(world: World) -> None:
    edit_project(world, (f'account_id = "{OWN}"\n', ""))
    world.access.accounts[""] = DEV
    world.buckets.lets_in.add(STORE)
    found = diagnose_project(world.ports)
    assert (amiss(found), found.exit_code) == ([("store", "bucket", "warn")], 0)
    assert row(found, "store", "bucket").mend.startswith("set [store] account_id")


def test_bucket_in_another_region_is_bad(world: World) -> None:
    world.buckets.there[STATES["dev"]] = StoredBucket(DEV, "eu-west-1", FoundBucket())
    assert codes(diagnose_project(world.ports)) == ["E421"]


def test_broken_ledger_is_bad(world: World) -> None:
    apply(world.ports, "dev")
    keys = world.store.list_keys("ledger/")
    world.store.content[keys[1]] = world.store.content[keys[0]]
    found = diagnose_project(world.ports)
    assert ("store", "ledger", "bad") in amiss(found)
    assert codes(found) == ["E401"]


def test_ledger_row_shows_unsigned_entries(world: World) -> None:
    apply(world.ports, "dev")
    seen = "in order: all 4 entries match the chain; authors not verified: 4 are not signed"
    assert row(diagnose_project(world.ports), "store", "ledger").seen == seen
    world.sandbox = True
    assert row(diagnose_project(world.ports), "store", "ledger").seen == "in order: all 4 entries match the chain"


def test_signed_ledger_is_verified() -> None:
    world = create_signing_world()
    apply(world.ports, "dev")
    assert row(diagnose_project(world.ports), "store", "ledger").seen == "verified: all 4 entries match the chain"


class Unreachable(MemoryStore):
    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        raise OperationFailedError(Problem("E404", "the store can't be listed", "mend it"))


def test_unreadable_store_hides_no_environment(world: World) -> None:
    world.store = Unreachable()
    found = diagnose_project(world.ports)
    assert amiss(found) == [("store", "ledger", "bad"), ("store", "create-only", "bad")]
    assert codes(found) == ["E404"]


def test_unprobed_store_is_reported_and_probed_on_request(world: World) -> None:
    world.store.content.clear()
    found = diagnose_project(world.ports)
    assert (amiss(found), found.exit_code) == ([("store", "create-only", "unseen")], 0)
    assert row(found, "store", "create-only").mend == "envctl doctor --probe"
    assert world.store.content == {}
    assert amiss(diagnose_project(world.ports, probe=True)) == []
    assert len(world.store.content) == 1


def test_store_that_allows_overwriting_is_bad(world: World) -> None:
    world.store = Forgetful()
    assert codes(diagnose_project(world.ports, probe=True)) == ["E426"]
    assert codes(diagnose_project(world.ports)) == ["E426"], "what was written over is still there to be seen"


def test_project_without_aws_needs_no_identity() -> None:
    world = World()
    found = diagnose_project(world.ports)
    assert world.access.asked == []
    assert {f.verdict for each in found.sections for f in each.findings if f.name == "credentials"} == {"unseen"}
    assert found.exit_code == 0


def test_identity_and_reason_for_unverified_run_are_shown(world: World) -> None:
    assert row(diagnose_project(world.ports), "you", "identity").verdict == "good"
    world.identity.why = "the token had expired"
    found = row(diagnose_project(world.ports), "you", "identity")
    assert (found.verdict, found.seen) == ("warn", "ann@example.com (unverified): the token had expired")


def test_secret_values_are_found_without_reading_them(world: World) -> None:
    text = world.tree.content["envctl.toml"].decode()
    values = 'key = "secretsmanager:shop/{env}"\nother = "env:OTHER_VALUE"\n'
    world.edit("envctl.toml", f"{text}\n[secrets.values]\n{values}")
    declared = "".join(f'variable "{name}" {{\n  sensitive = true\n}}\n' for name in ("key", "other"))
    world.edit("modules/web/main.tf", world.tree.content["modules/web/main.tf"].decode() + declared)
    world.secrets.held["dev", "shop/dev"] = b"x"
    found = diagnose_project(world.ports, ["dev", "prod"])
    assert row(found, "dev", "secret values").verdict == "warn"
    assert "OTHER_VALUE" in row(found, "dev", "secret values").seen
    assert row(found, "prod", "secret values").verdict == "bad"
    assert codes(found) == ["E440"]
    world.secret_variables.values["OTHER_VALUE"] = "x"
    assert row(diagnose_project(world.ports, ["dev"]), "dev", "secret values").verdict == "good"
    assert world.secrets.read == []


def test_states_of_other_backends_are_not_checked(world: World) -> None:
    edit_project(world, ('backend = "s3"', 'backend = "gcs"\nbucket = "b"'))
    found = diagnose_project(world.ports)
    assert row(found, "dev", "states").verdict == "unseen"
    assert row(found, "dev", "states").seen.startswith("not checked: gcs.")
    assert found.exit_code == 0


def test_lock_table_of_states_is_not_checked(world: World) -> None:
    edit_project(world, ('backend = "s3"', 'backend = "s3"\ndynamodb_table = "locks-{env}"'))
    found = diagnose_project(world.ports)
    assert row(found, "dev", "bucket").verdict == "good"
    assert row(found, "dev", "lock").seen == "not checked: table locks-dev in DynamoDB"


def test_folders_of_local_states_are_named(world: World) -> None:
    edit_project(world, ('backend = "s3"', 'path = "old/{env}/{stack}.tfstate"'))
    assert row(diagnose_project(world.ports), "dev", "states").seen == "on the disk of this machine (old/dev)"


def test_central_bucket_is_checked_with_the_role_of_states(world: World) -> None:
    role = 'assume_role = "arn:aws:iam::444444444444:role/states"'
    edit_project(world, ('backend = "s3"', f'backend = "s3"\nbucket = "all"\naccount_id = "444444444444"\n{role}'))
    world.access.accounts |= {f"states of {name}": "444444444444" for name in ("dev", "staging", "prod")}
    bootstrap(world.ports)
    assert row(diagnose_project(world.ports), "prod", "bucket").seen == "all in ap-northeast-1"
    assert world.buckets.there["all"].account_id == "444444444444"


def test_provider_start_is_reported_for_each_environment(world: World) -> None:
    world.terraform.provider_starts = {("dev", "network"): "", ("dev", "web"): "", ("prod", "web"): "--no-warm"}
    found = diagnose_project(world.ports)
    assert row(found, "dev", "provider start") == Finding("provider start", "good", "warm: network, web")
    assert row(found, "prod", "provider start").seen == "ordinary: web (--no-warm)"
    assert [each.name for each in found.sections if "provider start" in {f.name for f in each.findings}] == [
        "dev",
        "prod",
    ]


def test_provider_start_groups_stacks_by_reason(world: World) -> None:
    reason = "a provider configuration has an alias"
    world.terraform.provider_starts = {("dev", "network"): reason, ("dev", "web"): ""}
    assert (
        row(diagnose_project(world.ports), "dev", "provider start").seen == f"warm: web; ordinary: network ({reason})"
    )
