"""One root module for all stacks of a project, those beside its pipeline too."""

import json
from dataclasses import replace

from envctl.domain.errors import Location
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.rendering import lockfile_root
from envctl.domain.release.wiring import BundledModule, StackWiring, Wiring
from envctl.domain.terraform.variables import Variable


def variable(name: str, *, has_default: bool) -> Variable:
    place = Location("modules/web/variables.tf", 1)
    return Variable(
        name=name,
        type_text="string",
        has_default=has_default,
        default=None,
        nullable=True,
        sensitive=False,
        description="",
        location=place,
    )


def release(stack: str, *variables: Variable, remote: bool = False, **providers: dict[str, object]) -> Release:
    stacks = {stack: StackWiring(module=f"modules/{stack}")}
    modules = (BundledModule(f"{stack}.vpc", "acme/vpc/aws", "1.0.0", ".remote/acme-vpc"),) if remote else ()
    wiring = Wiring(
        project="shop",
        terraform=">= 1.10",
        stacks=stacks,
        artifacts={},
        schema={stack: variables},
        outputs={stack: {}},
        providers=providers,
        modules=modules,
    )
    return Release(wiring, {f"modules/{stack}/main.tf": File(b"")}).with_lock(b"lock")


def test_lockfile_root_calls_every_module_with_null_inputs() -> None:
    web = release("web", variable("image", has_default=False), variable("size", has_default=True))
    releases = {"": web, "org": release("accounts")}
    assert json.loads(lockfile_root.render_lockfile_root(releases, ())) == {
        "terraform": {"required_version": ">= 1.10"},
        "module": {
            "web": {"source": "../.code/.pipeline/modules/web", "image": None},
            "accounts": {"source": "../.code/org/modules/accounts"},
        },
    }


def test_lockfile_root_has_requirements_of_every_root_module() -> None:
    """Settings of providers may hold what is nobody's business here; whether they are needed does not depend on it."""
    table: dict[str, object] = {"source": "acme/tiny", "version": "~> 1.0", "url": "https://example.com"}
    document = json.loads(lockfile_root.render_lockfile_root({"": release("web", tiny=table, http={})}, ("aws",)))
    assert document["terraform"]["required_providers"] == {"tiny": {"source": "acme/tiny", "version": "~> 1.0"}}
    assert document["provider"] == {"aws": {}, "http": {}, "tiny": {}}


def test_each_release_has_its_own_folder_without_lockfile() -> None:
    releases = {"": release("web"), "org": release("web")}
    assert sorted(lockfile_root.collect_code(releases)) == [".pipeline/modules/web/main.tf", "org/modules/web/main.tf"]


def test_remote_modules_are_recorded_in_their_folders() -> None:
    record = json.loads(
        lockfile_root.merge_module_records({"": release("web", remote=True), "org": release("accounts")})
    )
    source = "../.code/.pipeline/modules/web"
    assert record["Modules"] == [
        {"Key": "", "Source": "", "Dir": "."},
        {"Key": "web", "Source": source, "Dir": source},
        {"Key": "web.vpc", "Source": "acme/vpc/aws", "Version": "1.0.0", "Dir": "../.code/.pipeline/.remote/acme-vpc"},
    ]
    assert lockfile_root.merge_module_records({"": release("web")}) == b""


def test_stack_of_several_environments_is_called_once() -> None:
    releases = {"dev-account": release("baseline", remote=True), "prod-account": release("baseline", remote=True)}
    document = json.loads(lockfile_root.render_lockfile_root(releases, ()))
    assert document["module"] == {"baseline": {"source": "../.code/dev-account/modules/baseline"}}
    keys = [each["Key"] for each in json.loads(lockfile_root.merge_module_records(releases))["Modules"]]
    assert keys == ["", "baseline", "baseline.vpc"]


def test_aliases_are_passed_without_their_keys() -> None:
    web = release("web", datadog={"source": "DataDog/datadog"})
    wired = replace(web.wiring.stacks["web"], providers={"aws.us": {"region": "us-east-1"}, "datadog.eu": {}})
    web = replace(web, wiring=replace(web.wiring, stacks={"web": wired}))
    document = json.loads(lockfile_root.render_lockfile_root({"": web}, ("aws",)))
    assert document["module"]["web"]["providers"] == {"aws.us": "aws.us", "datadog.eu": "datadog.eu"}
    assert document["provider"] == {"aws": [{}, {"alias": "us"}], "datadog": [{}, {"alias": "eu"}]}
