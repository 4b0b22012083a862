"""The workflows of a system of CI."""

from dataclasses import replace

from envctl.domain.ci.generated_pins import Pin
from envctl.domain.errors import Location
from envctl.usecases.project.ci.ci_workflows import Variable, Workflow, Workflows

PATHS = tuple(f".github/workflows/envctl-{name}.yml" for name in ("plan", "deploy", "drift"))
WRITTEN = Workflows(
    system="github",
    files=tuple(Workflow(path, "written") for path in PATHS),
    variables=(
        Variable("ENVCTL_PLAN_ROLE", "", "the role with read access to every environment"),
        Variable("ENVCTL_ROLE", "prod", "the role for deployments to prod"),
    ),
)
OF_GITLAB = Workflows(
    system="gitlab",
    files=(Workflow(".gitlab/envctl.gitlab-ci.yml", "written"),),
    variables=(
        Variable("ENVCTL_PLAN_ROLE", "", "the role that plans merge requests"),
        Variable("ENVCTL_ROLE", "prod", "the role for deployments to prod: protected"),
    ),
    schedule_variable="ENVCTL_DRIFT",
)
RAISED = Pin(
    kind="action",
    name="actions/checkout",
    old=f"actions/checkout@{'1' * 40} # v7.0.1",
    new=f"actions/checkout@{'2' * 40} # v8.0.0",
    state="raised",
    reason="verified by GitHub",
    places=(Location(PATHS[0], 12), Location(PATHS[1], 30), Location(PATHS[1], 58)),
)
LOCK = ".github/envctl/requirements.txt"
UNKNOWN = Pin(
    kind="package",
    name="boto3",
    old="boto3==1.44.8 \\\n    --hash=sha256:1",
    new="boto3==1.44.8 \\\n    --hash=sha256:2",
    state="unknown",
    reason="the same release has another digest",
    places=(Location(LOCK, 9),),
)
OF_OTHERS = replace(UNKNOWN, name="six", state="other version", reason="", places=(Location(LOCK, 15),))
CHECKED = Workflows(
    system="github",
    files=(Workflow(PATHS[0], "raised"), Workflow(PATHS[1], "raised"), Workflow(LOCK, "edited")),
    pins=(RAISED, UNKNOWN, OF_OTHERS),
    check=True,
)
WORKFLOWS: dict[str, object] = {
    "raised and unknown pins": CHECKED,
    "pins after the files were written": replace(CHECKED, check=False, pins=(RAISED, UNKNOWN)),
    "pins of a strict check": replace(CHECKED, strict=True, pins=(RAISED, OF_OTHERS)),
    "workflows that were written": WRITTEN,
    "a pipeline that was written": OF_GITLAB,
    "workflows that no job could work with": replace(
        WRITTEN,
        remark='jobs share no folder, so the ledger needs a bucket: [store] url = "s3://BUCKET/PREFIX" in envctl.toml',
    ),
    "files of CodeBuild": Workflows(system="codebuild", files=(Workflow(".codebuild/envctl/install.sh", "written"),)),
    "workflows that differ": replace(
        WRITTEN,
        files=(Workflow(PATHS[0], "differs"), Workflow(PATHS[1], "missing"), Workflow(PATHS[2], "current")),
    ),
    "workflows of somebody else": replace(
        WRITTEN, files=(Workflow(PATHS[0], "foreign"), *(Workflow(path, "missing") for path in PATHS[1:]))
    ),
}
