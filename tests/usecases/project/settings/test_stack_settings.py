"""Settings of one stack on in-memory ports: their places, what wins, and what is refused."""

from collections.abc import Mapping

import pytest

from envctl.domain.errors import ConfigurationError, UsageError
from envctl.domain.release.bundle import compute_identity, pack, unpack
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.usecases.concurrency.dag_runner import StackSelection
from envctl.usecases.inspect.settings import resolve_settings, validate_project
from envctl.usecases.ports.context import Context
from envctl.usecases.project import project_file, working_tree
from envctl.usecases.project.settings.environment_settings import load_settings
from tests.catching import catch
from tests.fakes.project_files import IMAGE
from tests.fakes.world import World

QUEUE = b"""
variable "name" { type = string }
variable "size" {
  type    = number
  default = 1
}
variable "limits" {
  type    = object({ soft = number, hard = optional(number) })
  default = { soft = 1 }
}
variable "extra" {
  type    = any
  default = null
}
variable "environment" { type = string }
variable "key" {
  type      = string
  default   = ""
  sensitive = true
}
variable "image" {
  type    = string
  default = ""
}
"""
HEAD = """
[project]
name = "shop"

[pipeline]
order = ["dev", "prod"]

[environments.dev]
[environments.prod]
"""
ORDERS, MAILS = '[stacks.orders]\nmodule = "modules/queue"\n', '[stacks.mails]\nmodule = "modules/queue"\n'
NAMED = f'{HEAD}{ORDERS}set = {{ name = "orders" }}\n{MAILS}set = {{ name = "mails" }}\n'
ARTIFACT = '[artifacts]\napp = { variable = "image", kind = "oci" }\n'


def write(project: str, files: Mapping[str, str]) -> World:
    world = World()
    world.tree.content.clear()
    world.edit("envctl.toml", project)
    world.edit("modules/queue/main.tf", QUEUE.decode())
    for path, text in files.items():
        world.edit(path, text)
    return world


def resolve(world: World, environment: str = "prod") -> EnvironmentSettings:
    return resolve_settings(world.ports, environment)


def values_of(world: World, name: str, environment: str = "prod") -> dict[str, object]:
    return {stack: each.get(name) for stack, each in resolve(world, environment).arguments.items()}


def test_set_gives_each_stack_its_value() -> None:
    world = write(NAMED, {})
    assert values_of(world, "name") == {"orders": "orders", "mails": "mails"}
    found = {each.stacks: (each.origin, str(each.location)) for each in resolve(world).settings if each.name == "name"}
    assert found == {("orders",): ("set", "envctl.toml:12"), ("mails",): ("set", "envctl.toml:15")}


def test_file_of_stack_wins_for_that_stack_alone() -> None:
    files = {
        "environments/common.tfvars": "size = 2\n",
        "environments/prod/terraform.tfvars": "size = 3\n",
        "environments/prod/mails.tfvars": "size = 4\n",
    }
    assert values_of(write(NAMED, files), "size") == {"orders": 3, "mails": 4}
    assert values_of(write(NAMED, files), "size", "dev") == {"orders": 2, "mails": 2}


def test_equal_values_of_two_stacks_keep_their_places() -> None:
    files = {"environments/prod/mails.tfvars": "size = 4\n", "environments/prod/orders.tfvars": "\nsize = 4\n"}
    found = {each.stacks: str(each.location) for each in resolve(write(NAMED, files)).settings if each.name == "size"}
    assert found == {
        ("orders",): "environments/prod/orders.tfvars:2",
        ("mails",): "environments/prod/mails.tfvars:1",
    }


def test_null_in_file_of_stack_gives_the_default() -> None:
    files = {"environments/prod/terraform.tfvars": "size = 3\n", "environments/prod/mails.tfvars": "extra = null\n"}
    assert values_of(write(NAMED, files), "extra") == {"orders": None, "mails": None}


TWINS = f'{HEAD}{ORDERS}set = {{ name = "x" }}\n{ORDERS.replace("orders", "eu-orders")}set = {{ name = "x" }}\n'
REFUSED: dict[str, tuple[str, dict[str, str], list[tuple[str, str]]]] = {
    "a file of no stack": (NAMED, {"environments/prod/mail.tfvars": ""}, [("E217", "environments/prod/mail.tfvars")]),
    "a name that the stack's module lacks": (
        NAMED,
        {"environments/prod/mails.tfvars": "\nsise = 1\n"},
        [("E203", "environments/prod/mails.tfvars:2")],
    ),
    "a wrong type in a stack's file": (
        NAMED,
        {"environments/prod/mails.tfvars": 'size = "x"\n'},
        [("E204", "environments/prod/mails.tfvars:1")],
    ),
    "an unknown attribute in a stack's file": (
        NAMED,
        {"environments/prod/mails.tfvars": "limits = { soft = 1, hrad = 2 }\n"},
        [("E209", "environments/prod/mails.tfvars:1")],
    ),
    "a name in set and in the stack's file": (
        NAMED,
        {"environments/prod/mails.tfvars": 'name = "m"\n'},
        [("E221", "environments/prod/mails.tfvars:1")],
    ),
    "a name that each stack has in set": (
        NAMED,
        {"environments/prod/terraform.tfvars": 'name = "m"\n'},
        [("E222", "environments/prod/terraform.tfvars:1")],
    ),
    "an unknown name in set": (
        f'{HEAD}{ORDERS}set = {{ name = "x", nam = "y" }}\n',
        {},
        [("E219", "envctl.toml:12")],
    ),
    "a sensitive name in set": (f'{HEAD}{ORDERS}set = {{ name = "x", key = "y" }}\n', {}, [("E220", "envctl.toml:12")]),
    "a wrong type in set": (
        f'{HEAD}{ORDERS}[stacks.orders.set]\nname = "x"\nsize = "y"\nlimits = {{ hard = 1 }}\n',
        {},
        [("E204", "envctl.toml:14"), ("E204", "envctl.toml:15")],
    ),
    "an unknown attribute in set": (
        f'{HEAD}{ORDERS}set = {{ name = "x", limits = {{ soft = 1, hrad = 2 }} }}\n',
        {},
        [("E209", "envctl.toml:12")],
    ),
    "a date in set": (f"{HEAD}{ORDERS}[stacks.orders.set]\nname = 2026-11-28\n", {}, [("E103", "envctl.toml:13")]),
    "a date deep in set": (
        f"{HEAD}{ORDERS}[stacks.orders.set]\nextra = [{{ a = 07:32:00 }}]\n",
        {},
        [("E103", "envctl.toml:13")],
    ),
    "not a number in set": (f"{HEAD}{ORDERS}[stacks.orders.set]\nsize = nan\n", {}, [("E103", "envctl.toml:13")]),
    "a long number of type any in set": (
        f'{HEAD}{ORDERS}set = {{ name = "x", extra = 0.12345678901234567890 }}\n',
        {},
        [("E204", "envctl.toml:12")],
    ),
    "a name in set and in inputs": (
        f'{HEAD}{ORDERS}set = {{ name = "x" }}\ninputs = {{ name = "mails.name" }}\n{MAILS}set = {{ name = "x" }}\n',
        {},
        [("E218", "envctl.toml:12")],
    ),
    "an artifact in set": (
        f'{HEAD}{ORDERS}set = {{ name = "x", image = "x" }}\n{ARTIFACT}',
        {},
        [("E218", "envctl.toml:12")],
    ),
    "an artifact in a stack's file": (
        f'{HEAD}{ORDERS}set = {{ name = "x" }}\n{ARTIFACT}',
        {
            "environments/dev/terraform.tfvars": f'image = "{IMAGE}"\n',
            "environments/dev/orders.tfvars": f'image = "{IMAGE}"\n',
            "environments/prod/orders.tfvars": f'image = "{IMAGE}"\n',
        },
        [("E210", "environments/dev/orders.tfvars:1"), ("E210", "environments/prod/orders.tfvars:1")],
    ),
    "environment for all stacks": (
        NAMED,
        {"environments/prod/terraform.tfvars": 'environment = "production"\n'},
        [("E207", "environments/prod/terraform.tfvars:1")],
    ),
    "a missing value of one of two": (
        f'{HEAD}{ORDERS}set = {{ name = "x" }}\n{MAILS}',
        {},
        [("E205", "modules/queue/main.tf:2"), ("E205", "modules/queue/main.tf:2")],
    ),
    "a path that matches nothing": (
        f'[settings]\nfiles = ["config/{{env}}.tfvars", "confg/{{stack}}.tfvars"]\n{NAMED}',
        {"config/dev.tfvars": ""},
        [("E223", "envctl.toml:2")],
    ),
    "a file of a stack and of an environment": (
        f'[settings]\nfiles = ["config/{{env}}.tfvars", "config/{{stack}}.tfvars"]\n{NAMED}'.replace("orders", "prod"),
        {"config/prod.tfvars": ""},
        [("E390", "config/prod.tfvars")],
    ),
    "a file of two stacks in two environments": (
        f'[settings]\nfiles = ["config/{{env}}-{{stack}}.tfvars"]\n{TWINS}'.replace("dev", "prod-eu"),
        {"config/prod-eu-orders.tfvars": ""},
        [("E390", "config/prod-eu-orders.tfvars")],
    ),
    "a path out of the project": (
        f'[settings]\nfiles = ["../{{env}}.tfvars"]\n{NAMED}',
        {},
        [("E103", "envctl.toml:2")],
    ),
    "an unknown placeholder": (
        f'[settings]\nfiles = ["config/{{region}}.tfvars"]\n{NAMED}',
        {},
        [("E103", "envctl.toml:2")],
    ),
    "one path twice": (
        f'[settings]\nfiles = ["{{env}}.tfvars", "{{environment}}.tfvars"]\n{NAMED}',
        {},
        [("E103", "envctl.toml:2")],
    ),
    "an unknown name to fill": (f'[settings]\nfill = ["account"]\n{NAMED}', {}, [("E103", "envctl.toml:2")]),
}


@pytest.mark.parametrize(("project", "files", "wanted"), REFUSED.values(), ids=REFUSED.keys())
def test_contradictions_are_refused_at_their_line(
    project: str, files: dict[str, str], wanted: list[tuple[str, str]]
) -> None:
    raised = catch(ConfigurationError, validate_project, write(project, files).ports)
    assert [(each.code, str(each.location)) for each in raised.problems] == wanted
    assert all(each.hint for each in raised.problems)


def test_misspelled_file_of_stack_gets_nearest_name() -> None:
    (problem,) = catch(
        ConfigurationError, validate_project, write(NAMED, {"environments/prod/mail.tfvars": ""}).ports
    ).problems
    assert "did you mean environments/prod/mails.tfvars?" in problem.hint


def test_value_for_one_stack_wins_over_filled_name() -> None:
    project = NAMED.replace('"orders" }', '"orders", environment = "o" }')
    world = write(project, {"environments/prod/mails.tfvars": 'environment = "production"\n'})
    assert values_of(world, "environment") == {"orders": "o", "mails": "production"}
    assert values_of(world, "environment", "dev") == {"orders": "o", "mails": "dev"}


def test_unfilled_name_is_an_ordinary_setting() -> None:
    project = f'[settings]\nfill = ["region"]\n{NAMED}'
    world = write(project, {"environments/prod/terraform.tfvars": 'environment = "production"\n'})
    assert values_of(world, "environment") == {"orders": "production", "mails": "production"}
    (problem,) = catch(ConfigurationError, resolve, world, "dev").problems
    assert problem.code == "E205"


def test_named_files_replace_the_usual_ones() -> None:
    project = (
        f'[settings]\nfiles = ["all.tfvars.json", "config/{{env}}.tfvars", "config/{{env}}/{{stack}}.tfvars"]\n{NAMED}'
    )
    world = write(
        project,
        {
            "environments/prod/terraform.tfvars": "size = 9\n",
            "all.tfvars.json": '{"size": 2, "limits": {"soft": 2}}',
            "config/prod.tfvars": "size = 3\n",
            "config/prod/mails.tfvars": "size = 4\n",
        },
    )
    assert values_of(world, "size") == {"orders": 3, "mails": 4}
    assert values_of(world, "size", "dev") == {"orders": 2, "mails": 2}
    assert values_of(world, "limits", "dev")["mails"] == {"soft": 2, "hard": None}
    assert validate_project(world.ports).unread == ("environments/prod/terraform.tfvars",)


def test_later_path_wins_over_earlier_one_of_stack() -> None:
    project = f'[settings]\nfiles = ["{{stack}}.tfvars", "{{env}}.tfvars"]\n{NAMED}'
    world = write(project, {"mails.tfvars": "size = 4\n", "prod.tfvars": "size = 3\n"})
    assert values_of(world, "size") == {"orders": 3, "mails": 3}


def test_names_of_other_programs_can_be_ignored() -> None:
    files = {"environments/prod/terraform.tfvars": "legacy_a = 1\nteam = 2\n"}
    found = catch(ConfigurationError, resolve, write(NAMED, files)).problems
    assert [each.code for each in found] == ["E203", "E203"]
    assert '[settings] ignore = ["legacy_a"]' in found[0].hint
    assert resolve(write(f'[settings]\nignore = ["legacy_*", "team"]\n{NAMED}', files))


@pytest.mark.parametrize("ignored", ["limits.old", "limits.*", "*.old"])
def test_attributes_of_other_programs_can_be_ignored(ignored: str) -> None:
    files = {"environments/prod/terraform.tfvars": "limits = { soft = 1, old = 2 }\n"}
    found = catch(ConfigurationError, resolve, write(NAMED, files)).problems
    assert [each.code for each in found] == ["E209"]
    assert '[settings] ignore = ["limits.old"]' in found[0].hint
    world = write(f'[settings]\nignore = ["{ignored}"]\n{NAMED}', files)
    assert values_of(world, "limits")["mails"] == {"soft": 1, "hard": None}


def test_pattern_without_a_dot_ignores_no_attribute() -> None:
    files = {"environments/prod/terraform.tfvars": "limits = { soft = 1, old = 2 }\n"}
    found = catch(ConfigurationError, resolve, write(f'[settings]\nignore = ["*"]\n{NAMED}', files)).problems
    assert [each.code for each in found] == ["E209"]


def test_stack_called_terraform_has_no_own_file() -> None:
    project = NAMED.replace("stacks.mails", "stacks.terraform")
    world = write(project, {"environments/prod/terraform.tfvars": "size = 3\n"})
    assert values_of(world, "size") == {"orders": 3, "terraform": 3}


def test_release_carries_set_values_through_its_bundle() -> None:
    project = f'{HEAD}{ORDERS}set = {{ name = "x", size = 0.12345678901234567890, extra = [1.50, {{ a = true }}] }}\n'
    world = write(project, {})
    release = working_tree.build_release(Context(world.ports, project_file.load_project(world.ports)))
    bundle = pack(release)
    read = unpack(bundle, compute_identity(bundle))
    assert read.wiring == release.wiring
    assert read.wiring.stacks["orders"].set_values == {
        "name": "x",
        "size": "0.1234567890123456789",
        "extra": [1.5, {"a": True}],
    }


def test_changed_set_changes_release_and_no_digest() -> None:
    one, other = (write(text, {}) for text in (NAMED, NAMED.replace('"mails" }', '"letters" }')))
    assert resolve(one).digest(()) == resolve(other).digest(())
    identities = {
        compute_identity(pack(working_tree.build_release(Context(each.ports, project_file.load_project(each.ports)))))
        for each in (one, other)
    }
    assert len(identities) == 2


def test_changed_file_of_stack_changes_the_digest() -> None:
    one, other = (write(NAMED, {"environments/prod/mails.tfvars": f"size = {size}\n"}) for size in (1, 2))
    assert resolve(one).digest(()) != resolve(other).digest(())


def test_file_of_a_later_stack_is_ignored() -> None:
    world = write(NAMED, {"environments/prod/mails.tfvars": "size = 4\nsoon = 1\n"})
    context = Context(world.ports, project_file.load_project(world.ports))
    old = write(f'{HEAD}{ORDERS}set = {{ name = "orders" }}\n', {})
    release = working_tree.build_release(Context(old.ports, project_file.load_project(old.ports)))
    assert load_settings(context, "prod", release.wiring).arguments["orders"]["name"] == "orders"


def test_renamed_stack_reads_its_new_file() -> None:
    renamed = NAMED.replace("[stacks.mails]", '[stacks.letters]\nmoved_from = "mails"')
    world = write(renamed, {"environments/prod/letters.tfvars": "size = 4\n"})
    context = Context(world.ports, project_file.load_project(world.ports))
    old = write(NAMED, {})
    release = working_tree.build_release(Context(old.ports, project_file.load_project(old.ports)))
    assert load_settings(context, "prod", release.wiring).arguments["mails"]["size"] == 4


def test_file_of_removed_stack_may_stay() -> None:
    project = f'{HEAD}{ORDERS}set = {{ name = "orders" }}\n[removed.mails]\nthen = "destroy"\n'
    assert validate_project(write(project, {"environments/prod/mails.tfvars": "size = 4\n"}).ports)


def test_settings_can_be_limited_to_stack_and_set_ones() -> None:
    world = write(NAMED, {"environments/prod/mails.tfvars": "size = 4\n"})
    found = resolve_settings(world.ports, "prod", StackSelection(("mails",)), set_only=True)
    assert [(each.name, each.stacks) for each in found.settings] == [
        (name, ("mails",)) for name in ("environment", "name", "size")
    ]
    assert (
        catch(UsageError, resolve_settings, world.ports, "prod", StackSelection(("mial",))).problems[0].code == "E029"
    )
