"""Choice of the release to deploy, the stacks it changes, and the request for the guards."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.guards import BundleState, RefusedError, Request, list_refusals, list_views
from envctl.domain.guards.provenance import list_other_deployments
from envctl.domain.images.image_reference import ImagePresence
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import LedgerState
from envctl.domain.operation import Operation
from envctl.domain.plan.changes import NO_CHANGEOVER, Changeover, Fate, plan_changeover
from envctl.domain.release.artifacts import select_images
from envctl.domain.release.bundle import Release
from envctl.domain.release.place import place_digest
from envctl.domain.release.place.place_digest import BoundPlace
from envctl.domain.release.rendering.root_override import pair_addresses
from envctl.domain.release.wiring import Wiring
from envctl.domain.rules.document import to_rules
from envctl.domain.settings.comparison import compare_settings
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.expressions import OutputReference
from envctl.usecases.ledger import rules_store
from envctl.usecases.ledger.change_authors import add_authors
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import working_tree
from envctl.usecases.project.settings.environment_settings import load_settings, require_valid_values
from envctl.usecases.release import release_store


def find_source_release(present: LedgerState, source: str) -> str | None:
    """Return the release deployed, or attempted last, in an environment: the one to promote."""
    last = present.find_environment(source).last
    return last.release if last and not (last.action == "destroy" and last.outcome == "succeeded") else None


def find_previous_verified(present: LedgerState, target: str) -> str | None:
    """Return the latest earlier release still verified there."""
    there = present.find_environment(target)
    excluded = {*there.holds, there.last.release} if there.last else there.evidence.keys()
    proofs = [proof for release, proof in there.evidence.items() if release not in excluded]
    earlier = [proof.deployment for proof in proofs if proof.verified]
    return max(earlier, key=lambda deployment: deployment.seq).release if earlier else None


@dataclass(frozen=True)
class Candidate:
    """A request with its release, settings and place, read once: the guards check exactly the inputs to deploy."""

    request: Request
    release: Release | None  # None if the stored one is missing or damaged
    bundle: bytes
    settings: EnvironmentSettings | None  # None without a release, or if they do not fit it
    place: BoundPlace | None = None

    def require_fitting(self) -> "FittingRelease":
        """Raise RefusedError if the release is missing or damaged, or the settings do not fit it."""
        if self.release is None or self.settings is None or self.place is None:
            raise RefusedError(list_refusals(self.request))
        return FittingRelease(self.request, self.release, self.bundle, self.settings, self.place)


@dataclass(frozen=True)
class FittingRelease:
    """A candidate with an intact release, and settings that fit it."""

    request: Request
    release: Release
    bundle: bytes
    settings: EnvironmentSettings
    place: BoundPlace


def build_promotion(
    context: Context, present: LedgerState, *, source: str, target: str, release: str | None = None
) -> Candidate:
    """Build the promotion of `release`, or else of the release in `source`, to `target`."""
    identity = release or find_source_release(present, source)
    return _build_candidate(context, present, _Intent("promote", target, source, identity))


def build_redeployment(
    context: Context,
    present: LedgerState,
    *,
    target: str,
    release: str | None = None,
    action: Literal["apply", "destroy"] = "apply",
) -> Candidate:
    """Build a deployment of the current release, never of new code. `release` names one to approve in advance."""
    current = present.find_environment(target).current
    identity = release or (current.release if current else None)
    return _build_candidate(context, present, _Intent(action, target, None, identity))


def build_rollback(context: Context, present: LedgerState, *, target: str, release: str | None = None) -> Candidate:
    """Build the rollback to an earlier release, verified in `target`.

    By default, that is the one before the last, and the same again after a rollback to it, unless that failed.
    """
    back = present.find_environment(target).standing_rollback
    identity = release or (back.release if back else find_previous_verified(present, target))
    return _build_candidate(context, present, _Intent("rollback", target, None, identity))


def build_entry_request(
    context: Context, present: LedgerState, *, identity: str, settings: str, release: Release
) -> Request:
    """Build the deployment of a new release to the entry environment. `settings` is a digest."""
    project = context.project
    wanted = _Intent("apply", project.entry, None, identity)
    found = _ReleaseFacts(
        bundle="intact",
        settings=settings,
        place=place_digest.resolve_bound_place(project, project.entry, release.wiring),
        needs=release.wiring.needs,
        clusters=release.wiring.cluster_outputs,
        changeover=_find_changeover(context, present, wanted, release),
    )
    behind = find_later_release(context, present, project.entry, identity=identity, release=release)
    return replace(_build_request(context, present, wanted, found), behind=behind)


@dataclass(frozen=True)
class _Intent:
    action: Operation
    target: str
    source: str | None
    release: str | None


@dataclass(frozen=True, kw_only=True)
class _ReleaseFacts:
    bundle: BundleState
    settings: str
    unfit: tuple[Problem, ...] = ()
    images: tuple[ImagePresence, ...] | None = None
    place: BoundPlace | None = None
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    clusters: Mapping[str, str] = field(default_factory=dict)
    changeover: Changeover = NO_CHANGEOVER


def _build_candidate(context: Context, present: LedgerState, wanted: _Intent) -> Candidate:
    state, release, data = (
        release_store.load_bundle(context.ports, wanted.release) if wanted.release else ("missing", None, b"")
    )
    changeover = _find_changeover(context, present, wanted, release)
    # A destruction takes values that a module refuses by now: Terraform has the last word there.
    is_checked = wanted.action != "destroy"
    settings, unfit = _load_settings(context, wanted.target, release, changeover, is_checked=is_checked)
    # Without images no registry check is needed.
    none = () if release and not select_images(context.project, release.wiring.artifacts) else None
    # Without fitting settings the region of a stack may be unknown.
    place = (
        place_digest.resolve_bound_place(context.project, wanted.target, release.wiring)
        if release and settings
        else None
    )
    digest = settings.digest(present.find_environment(wanted.target).known_settings) if settings else ""
    needs = release.wiring.needs if release else {}
    clusters = release.wiring.cluster_outputs if release else {}
    found = _ReleaseFacts(
        bundle=state,
        settings=digest,
        unfit=unfit,
        images=none,
        place=place,
        needs=needs,
        clusters=clusters,
        changeover=changeover,
    )
    request = _build_request(context, present, wanted, found)
    differing, stacks = _compare_to_source(context, request, release, settings)
    request = replace(request, differing=differing, differing_stacks=stacks)
    return Candidate(request, release, data, settings, place)


def _find_changeover(context: Context, present: LedgerState, wanted: _Intent, release: Release | None) -> Changeover:
    if release is None:
        return NO_CHANGEOVER
    if wanted.action == "destroy":
        return find_destroy_changeover(present, wanted.target, release.wiring)
    name = wanted.release or ""
    return find_changeover(context, present, wanted.target, release.wiring, release=name)


def _load_settings(
    context: Context,
    environment: str,
    release: Release | None,
    changeover: Changeover = NO_CHANGEOVER,
    *,
    is_checked: bool = False,
) -> tuple[EnvironmentSettings | None, tuple[Problem, ...]]:
    if release is None:
        return None, ()
    try:
        settings = load_settings(context, environment, release.wiring, moves=changeover.moves)
        if is_checked:
            require_valid_values(context, release, settings)
    except ConfigurationError as error:
        return None, tuple(error.problems)
    return settings, ()


def _compare_to_source(
    context: Context, request: Request, release: Release | None, settings: EnvironmentSettings | None
) -> tuple[Mapping[str, tuple[Problem, ...]], Mapping[str, frozenset[str]]]:
    """Return the settings that differ from the source of a promotion, and their stacks, if a rule compares them."""
    source = context.project.pipeline.find_previous(request.target)
    if source is None or request.source != source or settings is None:
        return {}, {}
    if all(view.rules.may_differ is None for view in list_views(request)):
        return {}, {}
    there, unfit = _load_settings(context, source, release)
    # Unreadable settings differ from all others.
    unknown = {f"settings of {source} not matching the release": unfit}
    if there is None:
        return unknown, {}
    found = compare_settings(there, settings)
    return found.list_differences(), found.list_stacks()


def _build_request(context: Context, present: LedgerState, wanted: _Intent, found: _ReleaseFacts) -> Request:
    ports, project = context.ports, context.project
    given = [each for each in present.find_environment(wanted.target).approvals if each.release == wanted.release]
    place = found.place.digest if found.place else ""
    covered = [each.plan for each in given if each.settings == found.settings and each.place == place]
    there, documents = project.environments[wanted.target], rules_store.describe_tree_rules(project)
    document = next(each for each in documents.values() if each.environment == wanted.target)
    request = Request(
        action=wanted.action,
        pipeline=project.pipeline,
        target=wanted.target,
        source=wanted.source,
        release=wanted.release,
        settings=found.settings,
        bundle=found.bundle,
        present=present,
        actor=ports.identity.identify_actor(),
        now=ports.clock.now(),
        rules=to_rules(document),
        unfit=found.unfit,
        images=found.images,
        approved=release_store.load_plans(ports, covered),
        account=there.account_id or "",
        role=project.find_acting_role(wanted.target),
        other_accounts=there.other_accounts,
        place=place,
        where=found.place.summary if found.place else "",
        elsewhere=release_store.compare_places(ports, [each.place for each in given], found.place)
        if found.place
        else {},
        needs=found.needs,
        clusters=found.clusters,
        changeover=found.changeover,
        start=ports.identity.find_start(),
        doubt=ports.identity.explain_doubt(),
        document=document,
        documents=documents,
        signed_from={name: there.signs_from for name, there in ports.trust.pinned.items()},
    )
    return add_authors(context, rules_store.complete_request(ports, request))


def find_later_release(context: Context, present: LedgerState, target: str, *, identity: str, release: Release) -> str:
    """Return the deployed release of a later commit; empty if none is, edits are uncommitted, or git can't tell."""
    ports = context.ports
    others = list_other_deployments(present.find_environment(target), identity)
    for later in (present.releases.get(each.release) for each in others):
        if later is None or later.uncommitted or later.release == identity:
            continue
        is_behind = ports.version_control.is_behind(later.commit)
        if is_behind is False or working_tree.read_revision(ports, context.project, release).uncommitted:
            continue
        if is_behind or _was_deployed_before(ports, present, target, identity=identity, later=later):
            return later.release
    return ""


def _was_deployed_before(
    ports: Ports, present: LedgerState, target: str, *, identity: str, later: KnownRelease
) -> bool:
    """Compare deployments instead of commits, for a shallow clone."""
    known = present.releases.get(identity)
    if known is None or known.uncommitted or known.commit != ports.version_control.read_revision(()).commit:
        return False
    one, two = (present.came.get(each, {}).get(target) for each in (identity, later.release))
    return one is not None and two is not None and one < two


def find_changeover(
    context: Context, present: LedgerState, environment: str, wiring: Wiring, *, release: str = ""
) -> Changeover:
    """Compare the release with the deployed stacks. `release` is its name, empty if new."""
    here = present.find_environment(environment)
    renamed = {name: stack.moved_from for name, stack in wiring.stacks.items()}
    earlier = dict.fromkeys(each.release for each in (here.current, here.last) if each)
    bundles = [release_store.load_bundle(context.ports, each)[1] for each in earlier if each != release]
    wirings = [found.wiring for found in bundles if found] + ([wiring] if release in earlier else [])
    before: dict[str, str] = {}
    if not here.held_stacks <= renamed.keys():
        # A removed stack may return under its earlier name.
        before = {name: stack.moved_from for each in wirings for name, stack in each.stacks.items()}
    fates = _find_fates(context.project, present, environment, wiring, release)
    over = plan_changeover(here.held_stacks, renamed, before, fates, here.renamed)
    _require_same_kinds(wiring, wirings, over, here.held_stacks)
    clusters = _find_former_clusters(environment, wiring, wirings, here.held_stacks)
    known = {(stack, name) for each in wirings for stack, outputs in each.outputs.items() for name in outputs}
    early = frozenset(
        name
        for name in over.new_stacks
        for each in map(OutputReference.parse, wiring.stacks[name].references)
        if (each.stack, each.output) not in known
    )
    addresses = _find_new_addresses(wiring, wirings, over)
    return replace(over, new_addresses=addresses, former_clusters=clusters, early_stacks=early)


def _find_former_clusters(
    environment: str, wiring: Wiring, earlier: Sequence[Wiring], held: Collection[str]
) -> dict[str, str]:
    """Return the cluster that each deployed stack had, of those whose code names another one now."""
    found: dict[str, str] = {}
    for name, wired in wiring.stacks.items():
        was = next((each.stacks[name] for each in earlier if name in each.stacks), None)
        if name not in held or wired.kubernetes is None or was is None or was.kubernetes is None:
            continue
        old = was.kubernetes.describe_cluster(wiring.project, environment, was.region)
        if old != wired.kubernetes.describe_cluster(wiring.project, environment, wired.region):
            found[name] = old
    return found


def _require_same_kinds(wiring: Wiring, earlier: Sequence[Wiring], over: Changeover, held: Collection[str]) -> None:
    """Raise ConfigurationError for a stack that was one of Terraform and is one of Kubernetes objects, or the other way
    round: its next plan would know nothing of what it holds.
    """
    problems: list[Problem] = []
    for name, wired in wiring.stacks.items():
        old_name = over.former_names.get(name, name)
        found = next((each.stacks[old_name] for each in earlier if old_name in each.stacks), None)
        if old_name not in held or found is None or (found.kubernetes is None) == (wired.kubernetes is None):
            continue
        was, now = ("Kubernetes objects", "Terraform") if found.kubernetes else ("Terraform", "Kubernetes objects")
        message = f"{name} was a stack of {was}, and is one of {now}: what it holds would be lost"
        hint = f"give the new stack another name, and say what becomes of the old one: [removed.{old_name}]"
        problems.append(Problem("E670", message, hint, stack=name))
    if problems:
        raise ConfigurationError(*problems)


def _find_new_addresses(wiring: Wiring, earlier: Sequence[Wiring], over: Changeover) -> dict[str, dict[str, str]]:
    """Return the new addresses by old one, of each stack whose kind is another one than that of an earlier release."""
    found: dict[str, dict[str, str]] = {}
    for name, wired in wiring.stacks.items():
        old_name = over.former_names.get(name, name)
        for each in earlier:
            if old := each.stacks.get(old_name):
                pairs = pair_addresses(name, old_name, old, wired)
                found.setdefault(name, {}).update(pairs)
    return {name: pairs for name, pairs in found.items() if pairs}


def find_destroy_changeover(present: LedgerState, environment: str, wiring: Wiring) -> Changeover:
    """Return the changeover of a destroy: stacks unknown to the release, or with a missing dependency."""
    here = present.find_environment(environment)
    broken = {name for name, stack in wiring.stacks.items() if not here.stacks.issuperset(stack.needs)}
    whole = wiring.stacks.keys() - (broken & here.held_stacks)
    leaving: dict[str, Fate] = dict.fromkeys(sorted(here.held_stacks - whole), "destroy")
    return Changeover(leaving=leaving, former_names={new: old for new, old in here.renamed.items() if new in whole})


def _find_fates(
    project: Project, present: LedgerState, environment: str, wiring: Wiring, release: str
) -> dict[str, Fate]:
    """Return the fates in the release. For a rollback, stacks newer than the release follow the project file."""
    current = present.find_environment(environment).current
    if release and current and not present.is_newer(release, current.release):
        return {**{name: each.then for name, each in project.removed.items()}, **wiring.removed}
    return dict(wiring.removed)
