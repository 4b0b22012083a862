"""Checks across the tables of the project file.

They read the raw document, to be reported together with faults inside the tables. Wrong shapes are ignored: the models
report them.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from envctl.domain.command_lines import format_command
from envctl.domain.config.ci.github import find_github_faults
from envctl.domain.config.ci.gitlab import find_gitlab_faults
from envctl.domain.config.ci.shared_keys import find_approval_faults, find_package_faults
from envctl.domain.config.fields import Fault, TomlPath, find_table, list_texts
from envctl.domain.config.gates import find_default_gates
from envctl.domain.config.providers.provider_tables import check_provider_tables
from envctl.domain.config.regions import check_region_names, check_stack_places, parse_stack
from envctl.domain.config.stack_kinds import check_stack_kinds, parse_cluster_stack
from envctl.domain.graph import CycleError, order_stacks
from envctl.domain.rollout.traffic import FULL_PERCENT, TRAFFIC_VARIABLES
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.terraform.program_pin import VERSIONS
from envctl.domain.terraform.version_constraints import is_version_allowed
from envctl.domain.text.suggestions import find_nearest, suggest_name

ALARM_OUTPUT, CHECK = "alarm:output:", "check:"


def find_faults(document: Mapping[str, object]) -> list[Fault]:
    return [
        *_check_pipeline(document),
        *_check_accounts(document),
        *_check_terraform_pin(document),
        *check_region_names(document),
        *_check_gate_names(document),
        *_check_parity(document),
        *_check_signing_keys(document),
        *_check_seen_environments(document),
        *check_stack_kinds(document),
        *_check_wiring(document),
        *_check_set_values(document),
        *check_stack_places(document),
        *check_provider_tables(document),
        *_check_artifacts(document),
        *_check_checks(document),
        *_check_forecast_examples(document),
        *check_rollouts(document),
        *check_renames(document),
        *find_github_faults(document),
        *find_gitlab_faults(document),
        *find_package_faults(document),
        *find_approval_faults(document),
    ]


def _check_terraform_pin(document: Mapping[str, object]) -> Iterator[Fault]:
    constraint = find_table(document, "terraform").get("version", VERSIONS)
    version = find_table(document, "terraform", "pin").get("version")
    if isinstance(constraint, str) and isinstance(version, str) and not is_version_allowed(constraint, version):
        message = f"[terraform] version is {constraint!r}, and excludes the pinned {version}"
        yield Fault("E103", message, "change one of the two", ("terraform", "pin", "version"))


def _check_pipeline(document: Mapping[str, object]) -> Iterator[Fault]:
    order = list_texts(find_table(document, "pipeline").get("order"))
    sections = find_table(document, "environments")
    for position, name in enumerate(order):
        path: TomlPath = ("pipeline", "order", position)
        if name in order[:position]:
            yield Fault("E104", f"{name} is in the order twice", "an environment has one place in the pipeline", path)
        elif name not in sections:
            near = find_nearest(name, set(sections) - set(order))
            hint = f"add a section [environments.{name}], or remove {name} from the order"
            hint = f"did you mean {near}? Otherwise {hint}" if near else hint
            yield Fault("E104", f"{name} is in the order and has no section", hint, path)
    for name in sections:
        beside = find_table(sections, name).get("pipeline") is False
        if beside and name in order:
            hint = "remove it from the order, or remove `pipeline = false`"
            message = f"{name} is outside the pipeline, but in its order"
            yield Fault("E104", message, hint, ("environments", name, "pipeline"))
        elif order and name not in order and not beside:
            hint = f"add {name} to pipeline.order, or remove the section; {suggest_name(name, order)}"
            yield Fault("E104", f"the environment {name} is not in the order", hint, ("environments", name))


def _check_accounts(document: Mapping[str, object]) -> Iterator[Fault]:
    for name in find_table(document, "environments"):
        section = find_table(document, "environments", name)
        role, account = section.get("assume_role"), section.get("account_id")
        if isinstance(role, str) and isinstance(account, str) and f"::{account}:" not in role:
            message = f"the role of {name} is not in its account {account}"
            hint = "one of the two belongs to another environment; correct it"
            yield Fault("E103", message, hint, ("environments", name, "assume_role"))
        yield from _check_look_role(name, section)
        if section.get("other_accounts") and not (account or role):
            message = f"{name} has other_accounts, but no account_id: there is no account to compare with"
            hint = f"add account_id to [environments.{name}]"
            yield Fault("E135", message, hint, ("environments", name, "other_accounts"))


def _check_look_role(name: str, section: Mapping[str, object]) -> Iterator[Fault]:
    role, deployer, account = section.get("look_role"), section.get("assume_role"), section.get("account_id")
    path: TomlPath = ("environments", name, "look_role")
    if not isinstance(role, str):
        return
    if isinstance(account, str) and f"::{account}:" not in role:
        hint = "one of the two belongs to another environment; correct it"
        yield Fault("E103", f"the look_role of {name} is not in its account {account}", hint, path)
    elif isinstance(deployer, str) and role.split(":")[4:5] != deployer.split(":")[4:5]:
        message = f"the look_role and the assume_role of {name} are in different accounts"
        yield Fault("E103", message, "one of the two belongs to another environment; correct it", path)
    if role == deployer:
        message = f"the look_role of {name} is its assume_role: commands that only look could write"
        yield Fault("E125", message, f"create a role that only reads: {format_command('explain', 'E125')}", path)


def _check_gate_names(document: Mapping[str, object]) -> Iterator[Fault]:
    listed = find_table(document, "pipeline").get("order")
    order = listed if isinstance(listed, list) else []
    for name in find_table(document, "environments"):
        section = find_table(document, "environments", name)
        usual = find_default_gates(order, name)
        gates = find_table(section, "gates", "approvals") if "approvals" in find_table(section, "gates") else usual
        for gate in find_table(section, "allow", "approve"):
            if gate not in gates:
                message = f"{name} lists approvers of {gate}, but has no such gate"
                path: TomlPath = ("environments", name, "allow", "approve", gate)
                yield Fault("E104", message, suggest_name(gate, gates) or "add it to gates.approvals", path)
        counts_at = find_table(section, "gates").get("reviewers")
        if isinstance(counts_at, str) and counts_at not in gates:
            message = f"{name} counts reviewers in GitHub at {counts_at}, but has no such gate"
            path = ("environments", name, "gates", "reviewers")
            yield Fault("E104", message, suggest_name(counts_at, gates) or "add it to gates.approvals", path)


def _check_parity(document: Mapping[str, object]) -> Iterator[Fault]:
    order = list_texts(find_table(document, "pipeline").get("order"))
    for position, name in enumerate(list_texts(find_table(document, "parity").get("environments"))):
        if name not in order[1:]:
            message = f"parity compares {name} with the environment before it, but {name} takes no promotions"
            hint = suggest_name(name, order[1:]) or "list only environments after the first one in pipeline.order"
            yield Fault("E104", message, hint, ("parity", "environments", position))


def _check_signing_keys(document: Mapping[str, object]) -> Iterator[Fault]:
    for name in find_table(document, "environments"):
        section = find_table(document, "environments", name)
        key, account = section.get("signing_key"), section.get("account_id")
        path: TomlPath = ("environments", name, "signing_key")
        if not isinstance(key, str):
            if "signed_from" in section:
                message, hint = f"{name} has signed_from, but no signing_key", "name the key, or remove the line"
                yield Fault("E469", message, hint, ("environments", name, "signed_from"))
        elif key.startswith("alias/") and not (isinstance(account, str) and isinstance(section.get("region"), str)):
            message = f"the signing_key of {name} is an alias, but its account and region are unknown"
            yield Fault("E469", message, f"add account_id and region to [environments.{name}], or write the ARN", path)
        elif key.startswith("arn:") and isinstance(account, str) and f":{account}:" not in key:
            message = f"the signing_key of {name} is not in its account {account}"
            yield Fault("E469", message, "one of the two belongs to another environment; correct it", path)
        yield from _check_look_key(name, section)
        yield from _check_people_key(document, name, section)
    yield from _check_required_keys(document)


def _check_required_keys(document: Mapping[str, object]) -> Iterator[Fault]:
    """Check that each environment up to the last one with required signatures has a key."""
    order = list_texts(find_table(document, "pipeline").get("order"))
    tables = {name: find_table(document, "environments", name) for name in find_table(document, "environments")}
    for name in [name for name, table in tables.items() if table.get("signatures") == "required"]:
        before = order[: order.index(name)] if name in order else []
        for other in [each for each in (name, *before) if not isinstance(tables.get(each, {}).get("signing_key"), str)]:
            message = f"{name} requires signatures, but {other} has no signing_key"
            why = "" if other == name else f": what {other} records decides what reaches {name}"
            hint = f'add signing_key = "alias/envctl-{other}" to [environments.{other}]'
            yield Fault("E051", message + why, hint, ("environments", name, "signatures"))


def _check_people_key(document: Mapping[str, object], name: str, section: Mapping[str, object]) -> Iterator[Fault]:
    """Check the key of people. A deployer must not reach it, so it lies in no account of the pipeline's."""
    key, store = section.get("approval_signing_key"), find_table(document, "store")
    path: TomlPath = ("environments", name, "approval_signing_key")
    if not isinstance(key, str):
        if "approval_signed_from" in section:
            message = f"{name} has approval_signed_from, but no approval_signing_key"
            lines: TomlPath = ("environments", name, "approval_signed_from")
            yield Fault("E050", message, "name the key, or remove the line", lines)
        return
    if not isinstance(section.get("signing_key"), str):
        message = f"{name} has an approval_signing_key, but no signing_key: unsigned entries would count"
        yield Fault("E050", message, f'add signing_key = "alias/envctl-{name}" to [environments.{name}]', path)
    if key in (section.get("signing_key"), section.get("look_signing_key")):
        message = f"the approval_signing_key of {name} is another key of it: who deploys could approve"
        yield Fault("E050", message, "name another key, in the account of the store or of security", path)
    if key.startswith("alias/") and not all(isinstance(store.get(each), str) for each in ("account_id", "region")):
        message = f"the approval_signing_key of {name} is an alias, but account and region of the store are unknown"
        yield Fault("E050", message, "add account_id and region to [store], or write the ARN", path)
        return
    account = store.get("account_id") if key.startswith("alias/") else key.split(":")[4]
    order = list_texts(find_table(document, "pipeline").get("order"))
    accounts = {each: find_table(document, "environments", each).get("account_id") for each in order}
    shared = next((each for each, of in accounts.items() if of == account), "")
    # With one account for all there is no other place: envctl validate says what that means.
    if shared and len({*accounts.values(), store.get("account_id", account)}) > 1:
        message = f"the approval_signing_key of {name} is in the account of {shared}: who deploys there could approve"
        yield Fault("E050", message, "name a key in the account of the store or of security, by its ARN", path)


def _check_look_key(name: str, section: Mapping[str, object]) -> Iterator[Fault]:
    key, account = section.get("look_signing_key"), section.get("account_id")
    path: TomlPath = ("environments", name, "look_signing_key")
    if not isinstance(key, str):
        return
    if not isinstance(section.get("signing_key"), str) or not isinstance(section.get("look_role"), str):
        message = f"{name} has a look_signing_key, but no signing_key or no look_role: it would sign nothing"
        yield Fault("E126", message, f"add the missing key to [environments.{name}], or remove this line", path)
    elif key == section.get("signing_key"):
        message = f"the look_signing_key of {name} is its signing_key: with it, a drift check could sign approvals"
        yield Fault("E126", message, f'name another key: look_signing_key = "alias/envctl-look-{name}"', path)
    elif key.startswith("arn:") and isinstance(account, str) and f":{account}:" not in key:
        message = f"the look_signing_key of {name} is not in its account {account}"
        yield Fault("E126", message, "one of the two belongs to another environment; correct it", path)


def _check_seen_environments(document: Mapping[str, object]) -> Iterator[Fault]:
    known = find_table(document, "environments")
    lists: list[tuple[TomlPath, str]] = [(("environments", name, "reads"), f"{name} reads") for name in known]
    for path, who in (*lists, (("ci", "pull_request_environments"), "jobs of pull requests may look into")):
        for position, name in enumerate(list_texts(find_table(document, *map(str, path[:-1])).get(str(path[-1])))):
            if name not in known:
                message = f"{who} {name}, but there is no such environment"
                yield Fault("E104", message, suggest_name(name, known), (*path, position))


def _check_wiring(document: Mapping[str, object]) -> Iterator[Fault]:
    stacks = find_table(document, "stacks")
    needs: dict[str, list[str]] = {}
    for stack in stacks:
        needs[stack] = []
        for variable, text in find_table(stacks, stack, "inputs").items():
            path: TomlPath = ("stacks", stack, "inputs", variable)
            if not isinstance(text, str):
                continue
            try:
                needed = OutputReference.parse(text).stack
            except ValueError as error:
                hint = (
                    'write it like "network.private_subnet_ids[0]"; plain values belong in `set` or in a settings file'
                )
                yield Fault("E107", f"{variable} of the stack {stack}: {error}", hint, path)
                continue
            needs[stack].append(needed)
            if needed not in stacks:
                message = f"the stack {stack} reads {text}, but there is no stack {needed}"
                yield Fault("E105", message, suggest_name(needed, stacks), path)
        for needed, fault in _check_order(stack, find_table(stacks, stack), stacks):
            needs[stack].append(needed)
            if fault is not None:
                yield fault
    try:
        order_stacks(needs)
    except CycleError as error:
        message = f"stacks need each other in a circle: {error}"
        hint = "remove one of these inputs, or of `after`; a stack can only need stacks applied before it"
        first, needed = error.path[:2]
        table = find_table(stacks, first)
        after = "after" if needed in list_texts(table.get("after")) else "inputs"
        key = "cluster" if parse_cluster_stack(table) == needed else after
        yield Fault("E106", message, hint, ("stacks", first, key))


def _check_order(
    stack: str, table: Mapping[str, object], stacks: Mapping[str, object]
) -> Iterator[tuple[str, Fault | None]]:
    """Yield the stacks of the keys `cluster` and `after`, each with its fault."""
    if needed := parse_cluster_stack(table):
        message = f"the cluster of the stack {stack} is an output of {needed}, but there is no such stack"
        fault = Fault("E105", message, suggest_name(needed, stacks), ("stacks", stack, "cluster"))
        yield needed, None if needed in stacks else fault
    for position, needed in enumerate(list_texts(table.get("after"))):
        message = f"the stack {stack} comes after {needed}, but there is no such stack"
        fault = Fault("E105", message, suggest_name(needed, stacks), ("stacks", stack, "after", position))
        yield needed, None if needed in stacks else fault


def _check_set_values(document: Mapping[str, object]) -> Iterator[Fault]:
    artifacts = find_table(document, "artifacts")
    for stack, table in find_table(document, "stacks").items():
        artifact_of = {
            each.get("variable"): name
            for name in artifacts
            if "stacks" not in (each := find_table(artifacts, name)) or stack in list_texts(each.get("stacks"))
        }
        for variable in find_table(table, "set"):
            path: TomlPath = ("stacks", stack, "set", variable)
            if variable in find_table(table, "inputs"):
                message = f"{variable} of the stack {stack} is in `set` and in `inputs`"
                yield Fault("E218", message, "remove one of the two: a variable has one value", path)
            elif variable in artifact_of:
                message = (
                    f"{variable} of the stack {stack} is in `set`, but the artifact {artifact_of[variable]} fills it"
                )
                hint = (
                    f"remove the line, or [artifacts.{artifact_of[variable]}]; an artifact has one value for its stacks"
                )
                yield Fault("E218", message, hint, path)
            elif variable in TRAFFIC_VARIABLES and "rollout" in find_table(document, "stacks", stack):
                message = f"{variable} of the stack {stack} is filled by its rollout; it can't be in `set`"
                yield Fault("E218", message, f"remove the line, or [stacks.{stack}.rollout]", path)


def _check_checks(document: Mapping[str, object]) -> Iterator[Fault]:
    checks, stacks, known = (find_table(document, name) for name in ("checks", "stacks", "environments"))
    for name in checks:
        check = find_table(checks, name)
        listed = check.get("environments")
        for position, environment in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(environment, str) and environment not in known:
                message = f"the check {name} is for {environment}, but there is no such environment"
                path: TomlPath = ("checks", name, "environments", position)
                yield Fault("E104", message, suggest_name(environment, known), path)
        for key in ("url", "output"):
            text = check.get(key)
            if isinstance(text, str) and (key == "output" or text.startswith("output:")):
                reference = text.removeprefix("output:")
                # An invalid reference is reported by the check table.
                if (stack := parse_stack(reference)) and stack not in stacks:
                    message = f"the check {name} reads {reference}, but there is no stack {stack}"
                    yield Fault("E105", message, suggest_name(stack, stacks), ("checks", name, key))


def _check_forecast_examples(document: Mapping[str, object]) -> Iterator[Fault]:
    stacks = find_table(document, "stacks")
    for name in find_table(document, "outputs_forecast"):
        if name not in stacks:
            message = f"outputs_forecast has outputs of {name}, but there is no such stack"
            yield Fault("E105", message, suggest_name(name, stacks), ("outputs_forecast", name))


def _check_artifacts(document: Mapping[str, object]) -> Iterator[Fault]:
    owners: dict[str, str] = {}
    for name in find_table(document, "artifacts"):
        variable = find_table(document, "artifacts", name).get("variable")
        stacks, named = find_table(document, "stacks"), find_table(document, "artifacts", name).get("stacks")
        own = list_texts(named)
        for position, stack in enumerate(own):
            if stack not in stacks:
                message = f"the artifact {name} is for the stack {stack}, but there is no such stack"
                yield Fault("E356", message, suggest_name(stack, stacks), ("artifacts", name, "stacks", position))
        if named == []:
            hint = "name a stack, or remove the key: then all stacks with the variable take it"
            yield Fault("E356", f"the artifact {name} is for no stack", hint, ("artifacts", name, "stacks"))
        if not isinstance(variable, str):
            continue
        keys = [variable] if named is None else [f"{stack}.{variable}" for stack in own]
        if twice := [key for key in keys if key in owners]:
            message = f"the artifacts {owners[twice[0]]} and {name} fill the same variable {twice[0]}"
            hint = "give each its own variable, or its own stacks"
            yield Fault("E109", message, hint, ("artifacts", name, "variable"))
        for key in keys:
            owners.setdefault(key, name)
        takers = stacks if named is None else own
        wired = [stack for stack in takers if variable in find_table(stacks, stack, "inputs")]
        if wired:
            message = f"{variable} is an artifact and an input of the stack {wired[0]} at the same time"
            yield Fault("E109", message, "remove one of the two", ("artifacts", name, "variable"))


def check_renames(document: Mapping[str, object]) -> Iterator[Fault]:
    stacks, removed = find_table(document, "stacks"), find_table(document, "removed")
    taken: dict[str, str] = {}
    for name in stacks:
        before = find_table(stacks, name).get("moved_from")
        if not isinstance(before, str):
            continue
        path: TomlPath = ("stacks", name, "moved_from")
        if before in stacks:
            message = f"{name} is moved from {before}, but {before} is still a stack of the project"
            yield Fault("E138", message, f"remove [stacks.{before}], or this moved_from", path)
        if before in removed:
            message = f"{name} takes over the state of {before}, but [removed.{before}] removes it"
            yield Fault("E138", message, f"remove [removed.{before}], or this moved_from", path)
        if before in taken:
            message = f"{taken[before]} and {name} are both moved from {before}"
            yield Fault("E138", message, "a state can move to only one stack: remove one of the two", path)
        taken.setdefault(before, name)


def check_rollouts(document: Mapping[str, object]) -> Iterator[Fault]:
    """Find faults in the rollouts of the raw document."""
    for name in find_table(document, "stacks"):
        rollout = find_table(document, "stacks", name, "rollout")
        path: TomlPath = ("stacks", name, "rollout")
        yield from _check_steps(name, rollout.get("steps"), (*path, "steps"))
        for position, text in enumerate(list_texts(rollout.get("abort_on"))):
            yield from _check_watched(document, name, text, (*path, "abort_on", position))
        artifact, known = rollout.get("artifact"), find_table(document, "artifacts")
        if isinstance(artifact, str) and artifact not in known:
            message = f"the stack {name} rolls out {artifact}, but there is no such artifact"
            yield Fault("E121", message, suggest_name(artifact, known) or "add it to [artifacts]", (*path, "artifact"))


def _check_steps(stack: str, steps: object, path: TomlPath) -> Iterator[Fault]:
    if not isinstance(steps, list) or not steps or not all(type(each) is int and each >= 1 for each in steps):
        return
    if any(later <= earlier for earlier, later in pairwise(steps)) or steps[-1] > FULL_PERCENT:
        message = f"the steps of {stack} must be rising percentages, up to 100"
        yield Fault("E121", message, "write them like steps = [10, 50, 100]", path)
    elif steps[-1] != FULL_PERCENT:
        message = f"the steps of {stack} end with {steps[-1]} percent: the rest of the traffic would never move"
        yield Fault("E121", message, f"let them end with 100: steps = {[*steps, FULL_PERCENT]}", path)


def _check_watched(document: Mapping[str, object], stack: str, text: str, path: TomlPath) -> Iterator[Fault]:
    if text.startswith(CHECK):
        name, known = text.removeprefix(CHECK), find_table(document, "checks")
        if name not in known:
            message = f"the rollout of {stack} uses the check {name}, but there is no such check"
            yield Fault("E122", message, suggest_name(name, known) or f"add [checks.{name}]", path)
    elif text.startswith(ALARM_OUTPUT):
        # An invalid reference is reported by the rollout table.
        needed = parse_stack(text.removeprefix(ALARM_OUTPUT))
        if needed and needed not in find_table(document, "stacks"):
            message = f"the rollout of {stack} reads {text.removeprefix('alarm:')}, but there is no stack {needed}"
            yield Fault("E122", message, suggest_name(needed, find_table(document, "stacks")), path)
