"""Guards of the target: G107 to G109 and G114, it may be changed now; G201 to G207, it has what the release needs."""

import json
from datetime import timedelta

from envctl.domain.aws.access import CallerIdentity
from envctl.domain.aws.secret_status import find_problem
from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import rules
from envctl.domain.guards.approvals import format_approval
from envctl.domain.guards.request import Guard, Refusal, Request, can_record_rules
from envctl.domain.images.image_reference import ImagePresence
from envctl.domain.ledger.known_releases import format_differences
from envctl.domain.ledger.people.principals import is_ci_run, is_permitted
from envctl.domain.ledger.people.run_start import SCHEDULE, list_unnamed_machines
from envctl.domain.plan import provider_accounts
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.rules.document import to_rules
from envctl.domain.settings.comparison import may_pair_differ
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_first, join_names

REGISTRY_UNREACHABLE = "E433"
"""Code of the problem of an unreachable registry."""
_ABSENT = frozenset({"absent", "no repository"})
MAX_NAMED = 3


def check_window(request: Request) -> Refusal | None:
    """G107: no deny window is active, and one allow window is, if any exist. Rollbacks are exempt."""
    if not request.rules.windows or request.action == "rollback":
        return None
    from envctl.domain.config.rules.windows import describe_window, find_closure

    closed = find_closure([table.to_window() for table in request.rules.windows], request.now)
    if closed is None:
        return None
    why = f"the {describe_window(closed.window)} is active" if closed.window else "none of its allow windows is open"
    message = f"{request.target} can't be changed now: {why}"
    if closed.opens is None:
        hint = f"correct its windows in envctl.toml, then: {format_command('why', request.target)}"
        return Refusal(GuardCode.WINDOW, message=f"{message}, and it does not open within a year", hint=hint)
    return Refusal(
        GuardCode.WINDOW, message=message, hint=f"wait, then: {request.command}", for_now=True, opens=closed.opens
    )


def check_lock(request: Request) -> Refusal | None:
    """G108: the environment is not locked, and the release is not on hold there, or its gates have lifted that."""
    locked = request.target_state.lock
    if locked is not None:
        message = f"{request.target} is locked by {locked.by}: {locked.reason}"
        hint, who = format_command("unlock", request.target), f"{locked.by.name}, or any other person"
        return Refusal(GuardCode.LOCK, message=message, hint=hint, for_now=True, since=locked.at, who=who)
    hold = request.target_state.holds.get(request.identity) if request.can_bring_code else None
    if hold is None:
        return None
    message = f"release {shorten_id(hold.release)} is on hold in {request.target} by {hold.by}: {hold.reason}"
    if missing := [gate for gate, count in rules.count_missing_at_gates(request).items() if count]:
        # Approvals from before the hold have ended. The page of a new one names the hold.
        hint = f"promote a newer one, or lift the hold by approvals: {format_approval(request, missing[0])}"
        who = rules.describe_approvers(request, missing)
        return Refusal(GuardCode.LOCK, message=message, hint=hint, since=hold.at, who=who)
    if rules.count_required_approvals(request):
        return None
    lift = format_command("unlock", request.target, release=shorten_id(hold.release))
    hint = f"promote a newer one, or lift the hold: {lift}"
    return Refusal(GuardCode.LOCK, message=message, hint=hint, since=hold.at)


def check_unfinished(request: Request) -> Refusal | None:
    """G109: the target has no unfinished deployment, not even one with unknown end."""
    begun = request.target_state.unfinished_deployment
    if begun is None:
        return None
    state, hint = f"runs now: {request.running}", f"wait for its end, then: {format_command('status')}"
    if not request.running:
        state = "is unfinished"
        hint = f"wait for its end, or, if it was interrupted: {format_command('recover', request.target)}"
    message = f"a deployment of {shorten_id(begun.release)} to {request.target} by {begun.by} {state}"
    return Refusal(GuardCode.BUSY, message=message, hint=hint, for_now=True, since=begun.started_at, waivable=False)


def check_reviews(request: Request) -> Refusal | None:
    """G114: no waiver is unreviewed for longer than the rules allow. A rollback and the fix of drift are exempt."""
    days = request.rules.review_days
    if days is None or not can_record_rules(request):
        return None
    late = [debt for debt in request.target_state.debts if request.now - debt.at > timedelta(days=days)]
    if not late:
        return None
    debt = late[0]
    people = sorted({each.person_name for each in (debt.giver, debt.by) if each})
    return Refusal(
        GuardCode.UNREVIEWED,
        message=f"waiver {debt.waiver} of {debt.at:%Y-%m-%d} was not reviewed within {days} days: {debt.reason}",
        hint=format_command("review", request.target, waiver=str(debt.waiver)),
        for_now=True,
        since=debt.at + timedelta(days=days),
        who=f"any person except {', '.join(people)}",
    )


def check_artifact(request: Request) -> Refusal | None:
    """G201: each image is pinned by digest, and exists or comes with the deployment. Only new images are checked."""
    if request.action == "destroy":
        return None
    if request.plan and any(stack.floating_images for stack in request.plan.stacks):
        return _refuse_floating_images(request.plan)
    if request.images is None:
        return None
    unpinned = [image for image in request.images if image.found == "unpinned"]
    if unpinned:
        return _refuse_unpinned_images(request, unpinned)
    missing = [
        image
        for image in request.images
        if image.found != "there" and not (image.will_be_copied and image.found in _ABSENT)
    ]
    return _refuse_missing_images(request, missing) if missing else None


def _refuse_floating_images(plan: EnvironmentPlan) -> Refusal:
    """Refuse objects of Kubernetes whose images can change without a new release."""
    named = [f"{image} ({stack.stack})" for stack in plan.stacks for image in stack.floating_images]
    has = "1 image has" if len(named) == 1 else f"{len(named)} images have"
    message = f"{has} no digest: {join_first(named, MAX_NAMED)}. The content behind a tag can change"
    hint = f"write the digests into the code: {format_command('images pin')}; then make a new release"
    return Refusal(GuardCode.ARTIFACT, message=message, hint=hint, waivable=False)


def _refuse_unpinned_images(request: Request, images: list[ImagePresence]) -> Refusal:
    named = ", ".join(f"{image.artifact} ({image.reference})" for image in images)
    release = shorten_id(request.identity)
    message = f"release {release} has no digest for {named}: its image could change"
    hint = f"make a new release to record the digest: {format_command('apply', request.pipeline.entry)}"
    return Refusal(GuardCode.ARTIFACT, message=message, hint=hint, waivable=False)


def _refuse_missing_images(request: Request, images: list[ImagePresence]) -> Refusal:
    reasons = tuple(dict.fromkeys(image.why for image in images if image.why))
    told = "; ".join(f"{image.artifact}: {image.reference} {_describe_absence(image)}" for image in images)
    return Refusal(
        GuardCode.ARTIFACT,
        message=f"{request.target} can't pull every image: {told}",
        hint=_suggest_image_fix(request, images),
        for_now=len(reasons) > 0
        and all(why.code == REGISTRY_UNREACHABLE for why in reasons)
        and not any(image.found in _ABSENT for image in images),
        warns=all(image.is_warning_only for image in images),
        because=reasons,
    )


def _describe_absence(image: ImagePresence) -> str:
    match image.found:
        case "absent":
            return "not found"
        case "no repository":
            return "not found: no such repository"
        case _:
            return "could not be checked"


def _suggest_image_fix(request: Request, images: list[ImagePresence]) -> str:
    again = f"then: {request.command}"
    if not any(image.found in _ABSENT for image in images):
        return f"fix the listed problems, {again}"
    if any(image.found == "no repository" for image in images):
        return f"create the repository, and push the same image to it, or let envctl copy it (copy = true), {again}"
    return f"push the same image there, or let envctl copy it (copy = true in [artifacts]), {again}"


def check_secrets(request: Request) -> Refusal | None:
    """G202: each secret has a current version in the account of the target. Unknown states are refused too."""
    seen = request.secrets or ()
    missing = [each for each in seen if each.missing]
    unknown = [each for each in seen if each.state == "unknown"]
    if request.action == "destroy" or not (missing or unknown):
        return None
    because = tuple(found for each in (*missing, *unknown) if (found := find_problem(each, request.target)))
    told = [
        *([f"{'1 secret is' if len(missing) == 1 else f'{len(missing)} secrets are'} missing"] if missing else ()),
        *(
            [f"{'1 secret' if len(unknown) == 1 else f'{len(unknown)} secrets'} could not be checked"]
            if unknown
            else ()
        ),
    ]
    cure = "create the listed secrets" if missing else "fix the listed problems"
    hint = f"{cure}, then check again: {format_command('secrets check', request.target)}"
    return Refusal(GuardCode.SECRETS, message=f"{request.target}: {'; '.join(told)}", hint=hint, because=because)


def check_account(request: Request) -> Refusal | None:
    """G203: the credentials and every provider of the plan belong to the account of the target."""
    return check_caller_account(request.target, request.account, request.caller) or check_providers(request)


def check_caller_account(target: str, wanted: str, caller: CallerIdentity | None) -> Refusal | None:
    """Return the G203 refusal if the caller is in another account than `wanted`."""
    if caller is None or not wanted or caller.account_id == wanted:
        return None
    message = f"{target} is account {wanted}, but the credentials are of {caller.account_id}: {caller.arn}"
    hint = f"use those of {target}: assume_role or profile in envctl.toml, then: {format_command('doctor', target)}"
    return Refusal(GuardCode.ACCOUNT, message=message, hint=hint, waivable=False)


def check_providers(request: Request) -> Refusal | None:
    """G203: return the refusal for AWS providers outside the account of the target. A rollback or destroy must stay
    possible: its configuration was deployed before, and only gets a warning for a provider without an account.
    """
    home = provider_accounts.AccountScope(request.target, request.account, request.role, request.other_accounts)
    strays = [
        (plan.stack, stray)
        for plan in (request.plan.stacks if request.plan else ())
        for configuration in plan.providers
        for stray in provider_accounts.find_account_mismatches(configuration, home)
    ]
    if not strays:
        return None
    told = [
        f"{stack}: {provider_accounts.name_configuration(stray.configuration)} {stray.why}" for stack, stray in strays
    ]
    message = f"{join_first(told, MAX_NAMED)}; {home.environment} is account {home.account}"
    _, first = strays[0]
    # A release is immutable: a fault in its modules needs a new release.
    retry = request.command if first.account else format_command("apply", request.pipeline.entry)
    hint = f"{provider_accounts.suggest_fix(first, home.environment)}; then: {retry}"
    warns = request.action in {"rollback", "destroy"} and not any(stray.account for _, stray in strays)
    return Refusal(GuardCode.ACCOUNT, message=message, hint=hint, warns=warns, waivable=False)


def check_settings(request: Request) -> Refusal | None:
    """G204: the settings of the target fit the schema in the release."""
    if not request.unfit:
        return None
    count = len(request.unfit)
    what = "1 setting does" if count == 1 else f"{count} settings do"
    message = f"{what} not fit release {shorten_id(request.identity)} in {request.target}"
    hint = f"correct the listed settings, then check them: {format_command('settings', request.target)}"
    return Refusal(GuardCode.SETTINGS, message=message, hint=hint, waivable=False, because=request.unfit)


def check_parity(request: Request) -> Refusal | None:
    """G205: the source has the same settings, except those in `may_differ`, by name or by stack and name."""
    allowed = request.rules.may_differ
    if allowed is None or request.action != "promote":
        return None
    stacks = request.differing_stacks
    wrong = [name for name in request.differing if not may_pair_differ(name, stacks.get(name), allowed)]
    if not wrong:
        return None
    source, target = request.source, request.target
    message = f"{source} and {target} differ in {', '.join(wrong)}; [parity] does not allow it"
    differences = format_command("diff", request.origin, target)
    hint = f"make them equal, or list them in may_differ of [parity] in envctl.toml: {differences}"
    because = tuple(line for name in wrong for line in request.differing[name])
    return Refusal(GuardCode.PARITY, message=message, hint=hint, because=because)


def check_committed(request: Request) -> Refusal | None:
    """G206: the release was made from a commit, if the target requires it."""
    known = request.known_release
    if not request.rules.committed or not request.can_bring_code or known is None or not known.uncommitted:
        return None
    named = f": {format_differences(known)}" if known.differences else ""
    message = f"release {shorten_id(known.release)} was made from a tree with uncommitted changes{named}"
    anew = format_command("apply", request.pipeline.entry)
    last = request.present.find_environment(request.pipeline.entry).last
    # The same content is the same release, then recorded with its commit. Files of an earlier one are another release.
    is_latest = last is not None and last.release == known.release
    hint = f"commit the working tree, then{'' if is_latest else ' make a new release'}: {anew}"
    return Refusal(GuardCode.CLEAN, message=message, hint=hint)


def check_permission(request: Request) -> Refusal | None:
    """G207: the actor has permission to change the target, and runs in CI if the rules ask for it. Schedules and bots
    that start a run need their names in the rules.
    """
    who, rules = request.actor, request.rules
    if rules.only_ci and not is_ci_run(who):
        message = f"only CI may change {request.target}, and {who.name} is not a verified CI run"
        message += describe_doubt(request)
        hint = f"run it in a workflow with its own identity: {request.command} --yes"
        return Refusal(GuardCode.ALLOWED, message=message, hint=hint, waivable=False)
    if request.start.machines:
        if unnamed := list_unnamed_machines(request.start, (*rules.apply, *rules.machines)):
            return _refuse_machines(request, unnamed)
        if is_ci_run(who):
            return None
    if not rules.apply or is_permitted(rules.apply, who):
        return None
    message = f"{who} may not change {request.target}; permitted: {' or '.join(rules.apply)}{describe_doubt(request)}"
    return Refusal(GuardCode.ALLOWED, message=message, hint=f"as {rules.apply[0]}: {request.command}", waivable=False)


def _refuse_machines(request: Request, unnamed: tuple[str, ...]) -> Refusal:
    """Refuse a schedule, or bots that started the run. The hint has the line for envctl.toml, or, if that is there, the
    approval of the changed rules.
    """
    target, table = request.target, f"[environments.{request.target}.allow]"
    names = join_names(
        tuple(request.start.schedule if each == SCHEDULE else each.partition(":")[2] for each in unnamed)
    )
    message = f"{names} may not change {target} without a person: machines in {table} does not name it"
    tree = to_rules(request.document) if request.document else request.rules
    line = f"machines = {json.dumps([*tree.machines, *unnamed])}"
    hint = f"as a person: {request.command}; or, if it may act alone, write into {table}: {line}"
    if not list_unnamed_machines(request.start, (*tree.apply, *tree.machines)):
        hint = f"approve the changed rules: {format_command('approve', target, rules=True)}"
    return Refusal(GuardCode.ALLOWED, message=message, hint=hint, waivable=False)


def describe_doubt(request: Request) -> str:
    """Return the reason for an unverified actor as the end of a message; empty if it is unknown."""
    return f"; {request.doubt}" if request.doubt else ""


GUARDS = (
    Guard(GuardCode.WINDOW, check_window, reason="its deployment window is closed", of_path=True),
    Guard(GuardCode.LOCK, check_lock, reason="{target} is locked"),
    Guard(GuardCode.BUSY, check_unfinished, reason="another deployment is unfinished"),
    Guard(GuardCode.UNREVIEWED, check_reviews, reason="a waiver was not reviewed"),
    Guard(
        GuardCode.ARTIFACT,
        check_artifact,
        reason="an image is missing or has no digest",
        needs_plan=True,
        needs_account=True,
    ),
    Guard(GuardCode.SECRETS, check_secrets, reason="a secret is missing", needs_account=True),
    Guard(
        GuardCode.ACCOUNT,
        check_account,
        reason="the AWS account is not the one of {target}",
        needs_plan=True,
        needs_account=True,
    ),
    Guard(GuardCode.SETTINGS, check_settings, reason="settings do not fit the release"),
    Guard(GuardCode.PARITY, check_parity, reason="settings of {source} and {target} differ but must be equal"),
    Guard(GuardCode.CLEAN, check_committed, reason="the release has uncommitted changes"),
    Guard(GuardCode.ALLOWED, check_permission, reason="you do not have permission"),
)
