import pytest

from envctl.adapters.toml import load_project
from envctl.domain.errors import ConfigurationError
from envctl.domain.terraform.expressions import OutputReference
from tests.adapters.toml.project_files import GOOD, line_of, problems_of, read_cases


def test_a_good_project_is_read() -> None:
    project = load_project(GOOD.encode())
    assert (
        project.name,
        project.entry,
        project.pipeline.find_previous("prod"),
        project.pipeline.find_next("prod"),
    ) == (
        "shop",
        "dev",
        "staging",
        None,
    )
    assert project.environments["prod"].gates.approvals == {"peer": 1, "business": 2}
    assert not project.environments["prod"].gates.self_approval
    assert (project.store.url, project.state.backend) == ("file://.envctl/store", "local")
    reference = OutputReference.parse(project.stacks["web"].inputs["subnet_id"])
    assert reference.to_expression() == "data.terraform_remote_state.network.outputs.private_subnet_ids[0]"


BAD = read_cases(r"""
no TOML: "shop" => shop @ shop
  ~ E101 envctl.toml is not TOML: Invalid value ~ quotes
an unknown key offers the nearest one: region = => regoin = @ regoin
  ~ E102 environments.dev.regoin is not a known key ~ did you mean region?
an unknown section offers the nearest one: [artifacts] => [stroe]\nurl = "x"\n[artifacts] @ [stroe]
  ~ E102 stroe is not a known key ~ mean store?
an account id without quotes: "222222222222" => 222222222222 @ 222222222222
  ~ E103 environments.staging.account_id must be a string ~ correct
an account id that is too short: "222222222222" => "2222" @ "2222"
  ~ E103 environments.staging.account_id must be an AWS account id ~ correct
a gate that asks for nobody: business = 2 => business = 0 @ approvals
  ~ E103 environments.prod.gates.approvals.business must be 1 ~ correct
true is no number of approvals: business = 2 => business = true @ approvals
  ~ E103 environments.prod.gates.approvals.business must be a ~ correct
a role of another account: iam::111111111111 => iam::333333333333 @ assume_role
  ~ E103 the role of dev is not in its account ~ another environment
a look role of another account: region = "ap-northeast-1"
  => region = "ap-northeast-1"\nlook_role = "arn:aws:iam::333333333333:role/envctl-look" @ look_role
  ~ E103 the look_role of dev is not in its account ~ another environment
a look role that is the deployer: region = "ap-northeast-1"
  => region = "ap-northeast-1"\nlook_role = "arn:aws:iam::111111111111:role/envctl-deployer" @ look_role
  ~ E125 the look_role of dev is its assume_role ~ a role that only reads
a look key without a signing key: region = "ap-northeast-1"
  => region = "ap-northeast-1"\nlook_signing_key = "alias/envctl-look-dev" @ look_signing_key
  ~ E126 dev has a look_signing_key, but no signing_key or no look_role ~ add the missing key
a look key that is the signing key: region
  => look_role = "arn:aws:iam::111111111111:role/r"\nsigning_key = "alias/k"\nlook_signing_key = "alias/k"\nregion
  @ look_s
  ~ E126 the look_signing_key of dev is its signing_key ~ name another key
a pull request that looks nowhere: [stacks.network]
  => [ci]\npull_request_environments = ["stagin"]\n\n[stacks.network] @ pull_request_environments
  ~ E104 jobs of pull requests may look into stagin, but there is no such environment ~ did you mean staging?
a module by an absolute path: "modules/vpc" => "/vpc" @ "/vpc"
  ~ E103 stacks.network.module must be a folder ~ correct
an environment in the order without a section: "staging", "prod" => "qa", "staging", "prod" @ order
  ~ E104 qa is in the order and has no section ~ [environments.qa]
a section that is not in the order: "dev", "staging" => "dev" @ [environments.staging]
  ~ E104 the environment staging is not in the order ~ pipeline.order
parity of an environment that does not exist: [stacks.network]
  => [parity]\nenvironments = ["staging", "prd"]\n\n[stacks.network] @ environments = [
  ~ E104 parity compares prd with the environment before it, but prd takes no promotions ~ did you mean prod?
parity of the environment where code enters: [stacks.network]
  => [parity]\nenvironments = ["dev"]\n\n[stacks.network] @ environments = [
  ~ E104 parity compares dev with the environment before it, but dev takes no promotions
  ~ known are: prod, staging
a stack that reads a stack that does not exist: network.vpc_id => netwrok.vpc_id @ netwrok
  ~ E105 the stack web reads netwrok.vpc_id ~ did you mean network?
stacks in a circle: "modules/vpc" => "modules/vpc"\ninputs = { a = "web.b" } @ inputs = { a
  ~ E106 stacks need each other in a circle: network → web → network ~ remove one
a stack that was renamed from one that is there: "modules/vpc" => "modules/vpc"\nmoved_from = "web" @ moved_from
  ~ E138 network is moved from web, but web is still a stack ~ remove [stacks.web]
a stack that was renamed from one that is removed: "modules/vpc"
  => "modules/vpc"\nmoved_from = "old"\n[removed.old]\nthen = "forget" @ moved_from
  ~ E138 network takes over the state of old, but [removed.old] ~ remove [removed.old]
two stacks that were renamed from one: "modules/vpc"
  => "modules/vpc"\nmoved_from = "old"\n[stacks.third]\nmodule = "modules/vpc"\nmoved_from = 'old' @ 'old'
  ~ E138 network and third are both moved from old ~ a state can move
a fate that there is not: "modules/vpc" => "modules/vpc"\n[removed.old]\nthen = "keep" @ then
  ~ E103 removed.old.then must be ~ correct
a stack that reads itself: network.vpc_id => web.vpc_id @ web.vpc_id
  ~ E106 stacks need each other in a circle: web → web ~ remove one
an input without an output: "network.vpc_id" => "network" @ "network"
  ~ E107 vpc_id of the stack web: 'network' is not of the form ~ network.private_subnet_ids[0]
an input that is an expression: "network.vpc_id" => "network.a[var.x]" @ var.x
  ~ E107 vpc_id of the stack web ~ settings file
a stack without a module: module = "modules/vpc" =>  @ [stacks.network]
  ~ E108 stacks.network.module is missing ~ modules/NAME
artifacts in conflict: app_image = => twin = { variable = "image", kind = "string" }\napp_image = @ app_image
  ~ E109 the artifacts twin and app_image fill the same variable ~ its own
""")


@pytest.mark.parametrize(("old", "new", "at", "problem", "hint"), BAD.values(), ids=BAD)
def test_a_bad_project_is_explained(old: str, new: str, at: str, problem: str, hint: str) -> None:
    text = GOOD.replace(old, new, 1)
    (found,) = problems_of(text)
    assert f"{found.code} {found.message}".startswith(problem)
    assert hint in found.hint
    assert str(found.location) == line_of(text, at)


def test_all_problems_are_reported_at_once() -> None:
    text = GOOD.replace('name = "shop"', 'nmae = "shop"').replace("network.vpc_id", "x.y").replace('"prod"]', "]")
    found = [(each.code, each.location.line) for each in problems_of(text) if each.location]
    assert found == [("E108", 1), ("E102", 2), ("E104", 15), ("E105", 23)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="an empty file"),
        pytest.param(b"project = 1\npipeline = 2\nenvironments = [1]\nstacks = true\n", id="tables that are none"),
        pytest.param(
            b"[pipeline]\norder = [1, { a = 2 }]\n[stacks]\nx = 1\n[[environments]]\ny = 1\n", id="odd shapes"
        ),
        pytest.param(b'[project]\nname = "\xff"\n', id="bytes that are no text"),
        pytest.param(b"\xef\xbb\xbf[project\n", id="a table left open"),
        pytest.param(b"x = " + b"[" * 50_000, id="too deep"),
    ],
)
def test_malformed_project_file_gives_problems_without_traceback(text: bytes) -> None:
    assert all(each.message and each.hint for each in problems_of(text))


def test_quoted_dotted_and_nested_keys_have_their_lines() -> None:
    text = GOOD.replace('account_id = "2', '"gates".approvals = [\n  { a = 1 },\n]\naccount_id = "2')
    (found,) = problems_of(text)
    assert (found.code, str(found.location)) == ("E103", line_of(text, '"gates"'))


def test_mistyped_environment_in_order_is_named() -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_project(GOOD.replace('"staging", "prod"', '"stage", "prod"', 1).encode())
    hints = [problem.hint for problem in raised.value.problems]
    assert hints[0].startswith("did you mean staging? Otherwise add a section [environments.stage]")


def test_section_there_twice_is_named() -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_project((GOOD + "\n[environments.dev]\n").encode())
    (problem,) = raised.value.problems
    assert problem.message == "envctl.toml is not TOML: [environments.dev] is there twice"
    assert problem.hint == "write its keys under one of the two"


ELSEWHERE = read_cases(r"""
states of one environment: [environments.dev] => [environments.dev.state]\nbucket = "x"\n[environments.dev] @ dev.state
  ~ E102 environments.dev.state is not a known key ~ [state] counts for all environments
a value of one environment: [environments.dev] => [environments.dev.set]\nsize = 1\n[environments.dev] @ dev.set
  ~ E102 environments.dev.set is not a known key ~ environments/dev/terraform.tfvars
a state of one stack in its table: module = "modules/vpc" => module = "modules/vpc"\nkey = "a" @ key = "a"
  ~ E102 stacks.network.key is not a known key ~ [stacks.network.state]
the project as text: [project]\nname = "shop" => project = "shop" @ project = "shop"
  ~ E103 project must be a table ~ write it as a table: [project], and below it name = "NAME"
a table as text: module = "modules/vpc" => module = "modules/vpc"\nset = "x" @ set = "x"
  ~ E103 stacks.network.set must be a table ~ [stacks.network.set], or set = {
the block cloud as a backend: [stacks.network] => [state]\nbackend = "cloud"\n\n[stacks.network] @ backend = "cloud"
  ~ E103 state.backend must be ~ use remote
a word with a typing error: [stacks.network] => [state]\nbackend = "azure"\n\n[stacks.network] @ backend = "azure"
  ~ E103 state.backend must be ~ did you mean azurerm?
a table of a stack that is not there: [stacks.network] => [stacks.netwrok.set]\na = 1\n\n[stacks.network] @ netwrok
  ~ E108 stacks.netwrok.module is missing ~ did you mean [stacks.network]?
""")


@pytest.mark.parametrize(("old", "new", "at", "problem", "hint"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_key_in_wrong_place_is_pointed_to_its_own(old: str, new: str, at: str, problem: str, hint: str) -> None:
    test_a_bad_project_is_explained(old, new, at, problem, hint)
