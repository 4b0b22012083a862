"""`envctl diff` after real deployments: exactly what was changed in between, and each setting with its line."""

from typing import Any

import pytest

from tests.e2e.conftest import BASE, Project

pytestmark = pytest.mark.terraform

STAGING = "environments/staging/terraform.tfvars"


def differing(result: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Name and both places of each setting that is not equal."""

    def place(side: dict[str, Any]) -> str:
        return f"{side['location']['file']}:{side['location']['line']}"

    pairs = (pair for pair in result["settings"]["pairs"] if pair["relation"] != "equal")
    return [(pair["name"], place(pair["first"]), place(pair["second"])) for pair in pairs]


def test_diff_shows_changed_module_and_settings(small_in_staging: Project) -> None:
    same = small_in_staging.run_checked("diff", "dev", "staging", "--json").document["result"]
    assert same["distance"] is None
    assert differing(same) == [
        ("name", "environments/dev/terraform.tfvars:1", f"{STAGING}:1"),
        ("password", "environments/dev/terraform.tfvars:2", f"{STAGING}:2"),
    ]

    small_in_staging.write("modules/base/main.tf", BASE.replace("input = var.name", 'input = "${var.name}!"'))
    small_in_staging.run_checked("apply", "dev", "--yes")
    moved = small_in_staging.run_checked("diff", "dev", "staging", "--patch", "--json").document["result"]
    distance = moved["distance"]
    assert (distance["older"], distance["newer"], distance["behind"]) == ("staging", "dev", 1)
    assert [made["release"] for made in distance["releases"]] == [moved["first"]["release"]]
    (module,) = distance["changes"]["modules"]
    (file,) = module["files"]
    assert (module["module"], module["stacks"]) == ("modules/base", ["base"])
    assert (file["path"], file["what"], file["added"], file["removed"]) == ("modules/base/main.tf", "changed", 1, 1)
    assert [line for line in file["patch"] if line[0] in "+-"] == ["-  input = var.name", '+  input = "${var.name}!"']
    assert all(not distance["changes"][kind] for kind in ("wiring", "variables", "outputs", "providers"))
    assert differing(moved) == differing(same)

    told = small_in_staging.run_checked("diff", "staging", "dev").out
    assert "staging is 1 release behind dev." in told
    assert "~ main.tf  +1 -1" in told
    assert f"{STAGING}:1" in told
    for form in ([], ["--json"], ["--markdown"], ["--all"]):
        assert "planted" not in small_in_staging.run_checked("diff", "dev", "staging", "--patch", *form).out
    assert small_in_staging.run("diff", "dev", "staging", "--detailed-exitcode").code == 2


@pytest.mark.night
def test_missing_bundle_does_not_hide_the_rest(small_in_staging: Project) -> None:
    small_in_staging.write("modules/base/main.tf", BASE + "# later\n")
    small_in_staging.run_checked("apply", "dev", "--yes")
    staging = small_in_staging.run_checked("status", "--json").document["result"]["environments"][1]["present"][
        "current"
    ]["release"]
    (small_in_staging.root / ".envctl" / "store" / "releases" / f"{staging}.tar").unlink()
    ran = small_in_staging.run("diff", "dev", "staging")
    assert ran.code == 1
    assert "unknown E416" in ran.out
    assert "staging is 1 release behind dev." in ran.out
