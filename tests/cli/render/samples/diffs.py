"""Two environments side by side, with a secret planted that must be seen nowhere."""

from dataclasses import replace
from datetime import timedelta

from envctl.domain.errors import Location, Problem
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.plan.changes import Action, AttributeChange, Marker, ResourceChange
from envctl.domain.release.artifacts import ArtifactPair
from envctl.domain.release.comparison.changes import PartChange, ReleaseChanges, VariableDeclaration
from envctl.domain.release.comparison.distance import Distance
from envctl.domain.release.comparison.file_changes import FileChange, ModuleChange
from envctl.domain.settings.comparison import Comparison, compare_settings
from envctl.domain.settings.settings import EnvironmentSettings, Origin, Setting
from envctl.usecases.inspect.diff import Diff, Side
from envctl.usecases.release.object_changes import ObjectChanges, StackObjects
from tests.cli.render.samples.basics import HANAKO, NEW, NOW, OLD, OLDEST, ROBOT, SECRET, TARO, deployment

IMAGE = "333333333333.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web@sha256:"


def _setting(
    name: str,
    value: object,
    file: str,
    line: int,
    stacks: str = "web",
    *,
    origin: Origin = "file",
    sensitive: bool = False,
) -> Setting:
    return Setting(name, value, Location(file, line), origin, sensitive, tuple(stacks.split()))


def _settings(environment: str, *settings: Setting) -> EnvironmentSettings:
    return EnvironmentSettings(environment, settings, {})


def _file(environment: str) -> str:
    return f"environments/{environment}/terraform.tfvars"


COMMON = "environments/common.tfvars"
MODULE = "modules/ec2_instance/variables.tf"
_SHARED = (_setting("az_count", 3, COMMON, 4, "network"), _setting("app_port", 8080, COMMON, 9, "network web"))
STAGING_SETTINGS = _settings(
    "staging",
    *_SHARED,
    _setting("vpc_cidr", "10.20.0.0/16", _file("staging"), 4, "network"),
    _setting("instance_type", "t3.small", _file("staging"), 8),
    _setting("detailed_monitoring", False, MODULE, 192, origin="default"),
    _setting("api_key", SECRET, _file("staging"), 15, sensitive=True),
    _setting("app_environment", {"LOG_LEVEL": "info", "説明": "全世界"}, COMMON, 10),
)
PROD_SETTINGS = _settings(
    "prod",
    *_SHARED,
    _setting("vpc_cidr", "10.30.0.0/16", _file("prod"), 4, "network"),
    _setting("instance_type", "m6i.large", _file("prod"), 9),
    _setting("detailed_monitoring", True, _file("prod"), 14),
    _setting("api_key", f"other {SECRET}", _file("prod"), 21, sensitive=True),
    _setting("app_environment", {"LOG_LEVEL": "warn", "説明": "全世界"}, _file("prod"), 30),
    _setting("health_path", "/healthz", MODULE, 77, origin="default"),
)
SETTINGS = compare_settings(
    STAGING_SETTINGS,
    PROD_SETTINGS,
    may_differ=("vpc_cidr", "instance_type", "detailed_monitoring"),
    refused=frozenset({"api_key", "app_environment", "az_count"}),
)


def _known(release: str, seq: int, hours: float, commit: str = "", **more: object) -> KnownRelease:
    fields = {"by": HANAKO, "uncommitted": False, "author": "", **more}
    return KnownRelease(release=release, seq=seq, at=NOW - timedelta(hours=hours), commit=commit, **fields)  # type: ignore[arg-type]


PATCH = (
    "@@ -1,4 +1,4 @@",
    ' resource "aws_launch_template" "this" {',
    '-  name = "web"',
    '+  name = "web-\x1b[2J\u202e"',
    "+  # 説明",
    "   }",
)
_FILES = (
    FileChange("modules/ec2_instance/main.tf", "changed", added=2, removed=1),
    FileChange("modules/ec2_instance/logo.png", "changed", binary=True),
    FileChange("modules/ec2_instance/templates/user_data.sh", "mode"),
)
_CHANGES = ReleaseChanges(
    (
        ModuleChange("modules/ec2_instance", ("web",), _FILES),
        ModuleChange("modules/tags", (), (FileChange("modules/tags/main.tf", "added", added=31),)),
        ModuleChange("modules/vpc", ("network",), (FileChange("modules/vpc/old.tf", "removed", removed=12),)),
    ),
    (
        PartChange("stack jobs", None, "modules/jobs"),
        PartChange("web.subnet_ids", "network.public_subnet_ids", "network.private_subnet_ids"),
        PartChange("order of stacks", ["network", "web"], ["web", "network"]),
        PartChange("provider github.token", Marker.SENSITIVE, Marker.SENSITIVE),
    ),
    (
        PartChange(
            "web.min_size",
            VariableDeclaration("number", required=True, default=None, sensitive=False, nullable=True),
            VariableDeclaration("number", required=False, default=2, sensitive=False, nullable=False),
        ),
        PartChange(
            "web.api_key",
            None,
            VariableDeclaration("string", required=False, default=Marker.SENSITIVE, sensitive=True, nullable=True),
        ),
        PartChange(
            "network.old", VariableDeclaration("any", required=True, default=None, sensitive=False, nullable=True), None
        ),
    ),
    (PartChange("web.url", "not sensitive", "sensitive"),),
    (
        PartChange("registry.terraform.io/hashicorp/aws", "5.1.0", "5.2.0"),
        PartChange("registry.terraform.io/hashicorp/random", "3.6.0", "3.6.0"),
    ),
)
_MADE = (
    _known(NEW, 23, 2, "ab" * 20),
    _known(OLDEST, 17, 26, "cd" * 20, by=TARO, uncommitted=True),
    _known("5" * 64, 9, 49, by=ROBOT, uncommitted=True),
)
STAGING = Side(
    environment="staging", origin="deployed", release=NEW, known=_MADE[0], deployment=deployment(NEW, 1), against=NEW
)
PROD = Side(
    environment="prod",
    origin="deployed",
    release=OLD,
    known=None,
    deployment=deployment(OLD, 80, by=ROBOT),
    whole=False,
    against=OLD,
    pending=True,
)
EMPTY = Side(environment="prod", origin="nothing", whole=False, against=NEW)
TREE = Side(environment="dev", origin="working tree", release=NEW, against=NEW)
_ARTIFACTS = (
    ArtifactPair("chart", "1.2.3", "1.2.3", equal=True),
    ArtifactPair("image", IMAGE + "ab" * 32, IMAGE + "cd" * 32, equal=False),
)
UNREADABLE = Problem(
    "E416",
    "the bundle of release 77b01dd2a9c3, which prod runs, is missing",
    "restore it from a backup of the store",
)
UNFIT = Problem(
    "E203",
    "instance_tipe is not a setting: no stack has such a variable",
    "did you mean instance_type?",
    Location("environments/common.tfvars", 8),
)
DIFF = Diff(
    first=STAGING,
    second=PROD,
    distance=Distance("prod", "staging", 3, _MADE, _CHANGES),
    artifacts=_ARTIFACTS,
    settings=SETTINGS,
)
_PATCHED = ModuleChange("modules/ec2_instance", ("web",), (replace(_FILES[0], patch=PATCH),))
_ONLY_CODE = replace(_CHANGES, modules=(_PATCHED,), wiring=(), variables=(), outputs=(), providers=())
_NONE = ReleaseChanges((), (), (), (), ())
_ALIKE = compare_settings(STAGING_SETTINGS, replace(STAGING_SETTINGS, environment="prod"))
_OBJECTS = ObjectChanges(
    "prod",
    "staging",
    (
        StackObjects(
            "web",
            (
                ResourceChange(
                    address="Deployment.apps/web",
                    type="Deployment.apps",
                    action=Action.UPDATE,
                    attributes=(
                        AttributeChange("spec.replicas", 6, 2),
                        AttributeChange("spec.template.spec.containers[web].image", f"{IMAGE}1", f"{IMAGE}2"),
                    ),
                ),
                ResourceChange(
                    address="Secret/shop/api",
                    type="Secret",
                    action=Action.UPDATE,
                    attributes=(AttributeChange("stringData.key", "(sensitive, 4f8b3a0e)", "(sensitive, 91c2d7e6)"),),
                ),
                ResourceChange(address="ConfigMap/shop/page", type="ConfigMap", action=Action.DELETE),
            ),
        ),
        StackObjects("ingress", problem="prod: kustomize can't render kubernetes/ingress: no such file"),
    ),
)
DIFFS: dict[str, object] = {
    "a diff": DIFF,
    "a diff of Kubernetes objects": replace(DIFF, objects=_OBJECTS),
    "a diff without other Kubernetes objects": replace(
        DIFF, objects=ObjectChanges("prod", "staging", (StackObjects("web"),))
    ),
    "a diff of everything": Diff(
        first=STAGING,
        second=replace(STAGING, environment="prod"),
        distance=None,
        artifacts=_ARTIFACTS[:1],
        settings=SETTINGS,
        everything=True,
    ),
    "a diff with code": replace(
        DIFF,
        distance=Distance("prod", "staging", 1, _MADE[:1], _ONLY_CODE),
        artifacts=(),
        settings=Comparison("staging", "prod", ()),
    ),
    "a diff without differences": Diff(
        first=STAGING,
        second=replace(STAGING, environment="prod"),
        distance=None,
        artifacts=(replace(_ARTIFACTS[0], variable="image"),),
        settings=_ALIKE,
    ),
    "a diff of artifacts alone": replace(DIFF, distance=Distance("prod", "staging", 1, _MADE[:1], _NONE)),
    "a diff with an empty environment": Diff(
        first=TREE, second=EMPTY, distance=None, artifacts=(), settings=replace(SETTINGS, first="dev")
    ),
    "a diff with the working tree": Diff(
        first=TREE,
        second=replace(PROD, whole=True, pending=False, problems=(UNFIT,)),
        distance=Distance("prod", "dev", 0, (), _ONLY_CODE),
        artifacts=(),
        settings=None,
    ),
    "a diff with what is not known": Diff(
        first=replace(STAGING, problems=(UNFIT,)),
        second=replace(PROD, pending=False, problems=(UNREADABLE,)),
        distance=Distance("prod", "staging", 3, _MADE),
        artifacts=(),
        settings=None,
    ),
    "a diff of long histories": replace(
        DIFF, distance=Distance("prod", "staging", 30, (_MADE[0],) * 30, _NONE), artifacts=(), settings=_ALIKE
    ),
}
