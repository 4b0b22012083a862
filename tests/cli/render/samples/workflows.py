"""The workflows of a system of CI."""

from dataclasses import replace

from envctl.usecases.project.ci.ci_workflows import Variable, Workflow, Workflows

PATHS = tuple(f".github/workflows/envctl-{name}.yml" for name in ("plan", "deploy", "drift"))
WRITTEN = Workflows(
    "github",
    tuple(Workflow(path, "written") for path in PATHS),
    (
        Variable("ENVCTL_PLAN_ROLE", "", "the role with read access to every environment"),
        Variable("ENVCTL_ROLE", "prod", "the role for deployments to prod"),
    ),
)
OF_GITLAB = Workflows(
    "gitlab",
    (Workflow(".gitlab/envctl.gitlab-ci.yml", "written"),),
    (
        Variable("ENVCTL_PLAN_ROLE", "", "the role that plans merge requests"),
        Variable("ENVCTL_ROLE", "prod", "the role for deployments to prod: protected"),
    ),
    schedule_variable="ENVCTL_DRIFT",
)
WORKFLOWS: dict[str, object] = {
    "workflows that were written": WRITTEN,
    "a pipeline that was written": OF_GITLAB,
    "workflows that no job could work with": replace(
        WRITTEN,
        remark='jobs share no folder, so the ledger needs a bucket: [store] url = "s3://BUCKET/PREFIX" in envctl.toml',
    ),
    "files of CodeBuild": Workflows("codebuild", (Workflow(".codebuild/envctl/install.sh", "written"),)),
    "workflows that differ": replace(
        WRITTEN,
        files=(Workflow(PATHS[0], "differs"), Workflow(PATHS[1], "missing"), Workflow(PATHS[2], "current")),
    ),
    "workflows of somebody else": replace(
        WRITTEN, files=(Workflow(PATHS[0], "foreign"), *(Workflow(path, "missing") for path in PATHS[1:]))
    ),
}
