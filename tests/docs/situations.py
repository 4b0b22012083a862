"""What is so before a block is typed, each by the words of the mark `given`."""

import shutil
import subprocess
from collections.abc import Callable, Mapping

from tests.cli.pages.test_cost_docs import PRICES, PROGRAM, TABLE
from tests.docs import accidents, clusters, deployed, existing
from tests.docs.places import PEOPLE, Place
from tests.e2e.conftest import ACCOUNTS, REGION
from tests.modules.applying import OTHER_REGION

SECRETS = """
[secrets]
secretsmanager = ["*_secret_name"]
"""
INSTANCE = """
variable "instance_type" { type = string }

resource "aws_instance" "this" {
  ami           = "ami-03cf127a"
  instance_type = var.instance_type
}
"""
WINDOW = (
    'windows = [{ kind = "deny", name = "freeze", start = "2020-01-01T00:00", end = "2199-01-01T00:00", tz = "UTC" }]'
)


def dev_runs_a_release_with_a_secret(place: Place) -> None:
    """Which every environment asks for, and dev alone has."""
    place.adds("envctl.toml", SECRETS)
    place.adds("modules/data/main.tf", '\nvariable "database_secret_name" { type = string }\n')
    for environment in ACCOUNTS:
        place.adds(f"environments/{environment}/terraform.tfvars", 'database_secret_name = "shop/database"\n')
    place.client("dev", "secretsmanager").create_secret(Name="shop/database", SecretString="none")
    deployed.dev_runs_a_release(place)


def dev_runs_a_release_of_a_request(place: Place) -> None:
    """In a project that git keeps: its last commit merges the request on GitHub."""
    message = "Merge pull request #42 from acme/trace-logs\n\nTrace logs, longer retention"
    author = ("-c", "user.name=Ann", "-c", "user.email=ann@shop.example")
    for words in (("init", "--quiet"), ("add", "."), (*author, "commit", "--quiet", "-m", message)):
        subprocess.run(["git", *words], cwd=place.root, check=True)
    deployed.dev_runs_a_release(place)


def signing_keys_are_named(place: Place) -> None:
    """In a project that git keeps."""
    text = (place.root / "envctl.toml").read_text()
    for name in ACCOUNTS:
        text = text.replace(f"[environments.{name}]\n", f'[environments.{name}]\nsigning_key = "alias/envctl-{name}"\n')
    place.write("envctl.toml", text)
    subprocess.run(["git", "init", "--quiet"], cwd=place.root, check=True)


def there_is_a_copy_of_the_store(place: Place) -> None:
    """What two environments were told is signed; and the keys came another way."""
    signing_keys_are_named(place)
    place.ok("bootstrap")
    place.ok("ledger", "keys", "--create")
    place.ok("apply", "dev")
    s3 = place.client(PEOPLE, "s3")
    for each in s3.list_objects_v2(Bucket="shop-envctl-store")["Contents"]:
        file = place.root / "copy-of-the-store" / each["Key"]
        file.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file("shop-envctl-store", each["Key"], str(file))
    for name in ACCOUNTS:
        pinned = place.root / "environments" / name / "signing_key.pem"
        (place.root / "keys-from-elsewhere" / name).mkdir(parents=True)
        shutil.copy(pinned, place.root / "keys-from-elsewhere" / name)


def prod_has_two_mistakes(place: Place) -> None:
    place.write(
        "environments/prod/terraform.tfvars",
        'vpc_cdir = "10.2.0.0/16"\nvpc_cidr = "10.2.0.0/16"\ninstance_count = "many"\n',
    )


def staging_is_to_have_more(place: Place) -> None:
    file = place.root / "environments/staging/terraform.tfvars"
    file.write_text(file.read_text().replace("instance_count = 2", "instance_count = 5"))


def prod_is_locked(place: Place) -> None:
    place.ok("lock", "prod", "--reason", "migration")


def a_window_of_prod_is_closed(place: Place) -> None:
    # Before the approvals: a window is a rule of prod, and approvals under other rules do not count.
    place.write("envctl.toml", (place.root / "envctl.toml").read_text().replace("waivable", f"{WINDOW}\nwaivable"))
    deployed.prod_is_approved(place)


def prod_owes_a_review(place: Place) -> None:
    a_window_of_prod_is_closed(place)
    place.ok("--yes", "promote", "staging", "prod", "--break-glass", "payments are down, incident 4711")


def there_is_a_store_of_passwords(place: Place) -> None:
    """With a program that prints what is asked for, as `pass` does."""
    passwords = place.home / ".password-store"
    (passwords / "shop/prod").mkdir(parents=True)
    (passwords / "shop/prod/database").write_text("correct horse\n")
    place.programs.mkdir()
    program = place.programs / "pass"
    program.write_text('#!/bin/sh\nexec cat "$HOME/.password-store/$1"\n')
    program.chmod(0o755)


def terraform_is_installed(place: Place) -> None:
    """The embedded one, as a program on the PATH."""
    existing.install_terraform(place.programs)


def prod_has_a_replica(place: Place) -> None:
    """Of its database, in another region, as the modules `rds` and `rds_replica` make them."""
    here, there = (place.client("prod", "rds", region) for region in (REGION, OTHER_REGION))
    login = {"MasterUsername": "shop", "MasterUserPassword": "planted-secret"}
    made = here.create_db_instance(
        DBInstanceIdentifier="shop-prod-database",
        DBInstanceClass="db.m7g.large",
        Engine="postgres",
        AllocatedStorage=20,
        **login,
    )["DBInstance"]
    there.create_db_instance_read_replica(
        DBInstanceIdentifier="shop-prod-database-replica",
        SourceDBInstanceIdentifier=made["DBInstanceArn"],
        SourceRegion=REGION,
    )


def an_instance_is_to_be_larger(place: Place) -> None:
    """In dev, which runs nothing else; and there is the program of the page that knows prices."""
    text = (place.root / "envctl.toml").read_text()
    place.write("envctl.toml", f'{text.partition("[stacks.")[0]}[stacks.web]\nmodule = "modules/web"\n\n{TABLE}')
    place.write("tools/cost.py", PROGRAM)
    place.write("tools/prices.json", PRICES)
    place.write("modules/web/main.tf", INSTANCE)
    for environment in ACCOUNTS:
        place.write(f"environments/{environment}/terraform.tfvars", 'instance_type = "t3.micro"\n')
    deployed.dev_runs_a_release(place)
    place.write("environments/dev/terraform.tfvars", 'instance_type = "t3.small"\n')


def the_cluster_of_staging_has_drifted(place: Place) -> None:
    deployed.staging_runs_a_release(place)
    clusters.scale_web(place.extra["KUBECONFIG"], "staging", 5)


SITUATIONS: Mapping[str, Callable[[Place], None]] = {
    "nothing": lambda _: None,
    "dev runs a release": deployed.dev_runs_a_release,
    "dev runs a release of pull request 42": dev_runs_a_release_of_a_request,
    "staging runs a release": deployed.staging_runs_a_release,
    "prod is approved": deployed.prod_is_approved,
    "prod runs a release": deployed.prod_runs_a_release,
    "prod runs its second release": deployed.prod_runs_its_second_release,
    "dev is one release ahead of staging": deployed.dev_is_one_ahead,
    "dev is broken, and mended": deployed.dev_is_mended,
    "dev is broken, and has proven a release before": deployed.dev_is_broken_today,
    "an apply of dev was killed": accidents.an_apply_was_killed,
    "a promotion to staging was killed": accidents.a_promotion_to_staging_was_killed,
    "staging has drifted": accidents.staging_has_drifted,
    "the cluster of staging has drifted": the_cluster_of_staging_has_drifted,
    "dev runs a release with a secret": dev_runs_a_release_with_a_secret,
    "signing keys are named": signing_keys_are_named,
    "there is a copy of the store": there_is_a_copy_of_the_store,
    "terraform is installed": terraform_is_installed,
    "there is a store of passwords": there_is_a_store_of_passwords,
    "an instance of dev is to be larger": an_instance_is_to_be_larger,
    "prod has a replica in another region": prod_has_a_replica,
    "an entry of the ledger was changed by hand": accidents.an_entry_was_changed,
    "an entry of the ledger in S3 was changed by hand": accidents.an_entry_in_s3_was_changed,
    "the store is gone": accidents.the_store_is_gone,
    "the store is gone for good": accidents.the_store_is_gone_for_good,
    "the store can't be reached": accidents.the_store_cannot_be_reached,
    "the state of a stack can't be saved": accidents.a_state_cannot_be_saved,
    "S3 throttles reads of states": accidents.states_are_throttled,
    "the lock of a state of dev was left behind": accidents.somebody_plans_dev,
    "a state of dev was deleted": accidents.a_state_was_deleted,
    "prod has two mistakes in its settings": prod_has_two_mistakes,
    "staging is to have more instances": staging_is_to_have_more,
    "the store was replicated": accidents.the_store_was_replicated,
    "prod is locked": prod_is_locked,
    "prod is approved, and a window closed": a_window_of_prod_is_closed,
    "prod owes a review": prod_owes_a_review,
    "all jobs of a look for drift have answered": deployed.all_jobs_have_answered,
}
