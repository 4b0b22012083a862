"""What has been deployed, promoted and approved before a block is typed."""

import json
import tomllib

from tests.docs.places import Place

BOB = "bob@shop.example"
GATES = ("peer", "business", "quality")


def the_buckets_are_there(place: Place) -> None:
    """Where there is an AWS, and nothing that makes them by itself."""
    if place.sandbox and not place.options:
        place.ok("bootstrap")


def dev_runs_a_release(place: Place) -> None:
    the_buckets_are_there(place)
    place.ok("apply", "dev")


def staging_runs_a_release(place: Place) -> None:
    dev_runs_a_release(place)
    place.ok("promote", "dev", "staging")


def prod_is_approved(place: Place) -> None:
    staging_runs_a_release(place)
    stacks = tomllib.loads((place.root / "envctl.toml").read_text())["stacks"]
    waiting = [
        name
        for name, stack in stacks.items()
        if (stack.get("inputs") or stack.get("after")) and "environments" not in stack
    ]
    unseen = [word for name in waiting for word in ("--unseen", name)]
    for gate in GATES:
        place.ok("approve", "prod", "--gate", gate, *unseen, by=BOB)


def prod_runs_a_release(place: Place) -> None:
    prod_is_approved(place)
    place.ok("promote", "staging", "prod")


def prod_runs_its_second_release(place: Place) -> None:
    prod_runs_a_release(place)
    place.write("modules/web/main.tf", (place.root / "modules/web/main.tf").read_text() + "\n# second\n")
    prod_runs_a_release(place)


def dev_is_one_ahead(place: Place) -> None:
    """Of staging, which runs the release before."""
    staging_runs_a_release(place)
    place.write("modules/web/main.tf", (place.root / "modules/web/main.tf").read_text() + "\n# second\n")
    dev_runs_a_release(place)


def dev_is_broken_today(place: Place) -> None:
    """It has proven a release, and the next one fails there."""
    dev_runs_a_release(place)
    failing = '\nresource "terraform_data" "failing" {\n  lifecycle {\n    precondition {\n'
    failing += '      condition     = var.instance_count > 99\n      error_message = "no"\n    }\n  }\n}\n'
    place.adds("modules/web/main.tf", failing)
    assert place.run("apply", "dev").code == 1


def dev_is_mended(place: Place) -> None:
    before = (place.root / "modules/web/main.tf").read_text()
    dev_is_broken_today(place)
    place.write("modules/web/main.tf", before)


def all_jobs_have_answered(place: Place) -> None:
    dev_runs_a_release(place)
    for job in _jobs(place):
        place.ok("drift", "--run", str(job["run"]), "--shard", str(job["shard"]))


def _jobs(place: Place) -> list[dict[str, object]]:
    return list(json.loads(place.ok("matrix", "drift").out)["include"])
