"""The application is built once, and the very image goes from dev to staging to prod: built, pushed, promoted, run."""

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.adapters.registry.oci import Registry
from tests.e2e.conftest import Project
from tests.e2e.images.building import APP, BuiltImage, Workshop
from tests.e2e.images.containers import start_container
from tests.e2e.project_text import OPEN, PEER, render_project

pytestmark = [pytest.mark.terraform, pytest.mark.image, pytest.mark.registry, pytest.mark.slow, pytest.mark.night]

REPOSITORY, TAG = "shop/web", "1.0"
SECRET = {"engine": "postgres", "host": "db", "port": 5432, "dbname": "shop", "username": "app", "password": "planted"}
TOOLS = {"npm", "npx", "corepack", "yarn", "tsc", "gcc", "cc", "g++", "clang", "make", "python3", "git", "curl", "wget"}
MOST_OF_THE_APP = 40 * 10**6
PROJECT = render_project(
    "shop",
    {"web": ""},
    gates={"staging": OPEN, "prod": PEER},
    more='[artifacts]\napp = { variable = "image", kind = "oci" }\n',
)
WEB = """
variable "image" {
  type = string
}

resource "terraform_data" "this" {
  input = var.image
}

output "image" {
  value = terraform_data.this.output
}
"""


@pytest.fixture(scope="module")
def first(workshop: Workshop, images: Registry) -> BuiltImage:
    return workshop.publish_image(APP, images, REPOSITORY, TAG)


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Project:
    found = Project(tmp_path / "shop", home)
    found.write("envctl.toml", PROJECT)
    found.write("modules/web/main.tf", WEB)
    return found


def changed(folder: Path) -> Path:
    """The app with one more word."""
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("node_modules", "build", "dist"))
    source = folder / "src" / "server.ts"
    text = source.read_text()
    assert '{ status: "ok" }' in text
    source.write_text(text.replace('{ status: "ok" }', '{ status: "ok", changed: true }'))
    return folder


def to_prod(project: Project) -> None:
    project.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL="bob@example.com")
    project.run_checked("promote", "staging", "prod", "--yes")


def image_in(project: Project, environment: str) -> str:
    return project.run_checked("output", environment, "image").out.strip().strip('"')


def files_of(root: Path) -> list[tuple[str, os.stat_result]]:
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [
            each for each in folders if os.fspath(Path(folder, each).relative_to(root)) not in ("proc", "dev")
        ]
        found += [(os.fspath(Path(folder, name).relative_to(root)), Path(folder, name).lstat()) for name in names]
    return found


def test_application_runs_read_only_without_privileges(workshop: Workshop, first: BuiltImage, tmp_path: Path) -> None:
    env = {"PROJECT": "shop", "ENVIRONMENT": "prod", "IMAGE": first.pinned, "DATABASE_SECRET_FILE": "/run/secrets/db"}
    with start_container(
        workshop, first.pinned, tmp_path / "log", env, {"/run/secrets/db": json.dumps(SECRET)}
    ) as container:
        assert container.fetch_json("/health") == (200, {"status": "ok"})
        assert container.fetch_json("/ready") == (200, {"status": "ready"})
        about = {"project": "shop", "environment": "prod", "version": TAG, "image": first.pinned}
        assert container.fetch_json("/") == (200, about)

        status = container.status
        assert status["Uid"].split() == ["1000"] * 4
        assert status["Gid"].split() == ["1000"] * 4
        assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb")} == {0}
        assert (status["NoNewPrivs"], status["NSpid"].split()[-1]) == ("1", "1")
        mounts = [line.split() for line in (container.root / "proc" / "1" / "mounts").read_text().splitlines()]
        assert "ro" in next(options for _, point, _, options, *_ in mounts if point == "/").split(",")
        with pytest.raises(OSError, match="Read-only"):
            (container.root / "app" / "new").touch()

        inside = ["/usr/sbin/chroot", "--userspec=1000:1000", os.fspath(container.root)]
        check = [*inside, "/usr/local/bin/node", "/app/dist/healthcheck.js"]
        assert subprocess.run(check, env={"PORT": str(container.port)}, check=False).returncode == 0
        assert container.stop() == 0
        messages = [line["message"] for line in container.log_lines]
        assert messages[-2:] == ["shutting down", "stopped"]
        assert container.log_lines[0]["node_env"] == "production"
        assert "planted" not in container.log.read_text()


def test_image_holds_only_runtime_files(workshop: Workshop, first: BuiltImage, tmp_path: Path) -> None:
    with start_container(workshop, first.pinned, tmp_path / "log") as container:
        files = files_of(container.root)
    names = {path for path, _ in files}
    runnable = {Path(path).name for path, about in files if about.st_mode & 0o111 and not stat.S_ISDIR(about.st_mode)}
    assert {"node", "sh"} <= runnable
    assert not TOOLS & runnable
    app = {path for path in names if path.startswith("app/")}
    assert {"app/dist/main.js", "app/dist/healthcheck.js", "app/package.json"} <= app
    assert {path.split("/")[1] for path in app} == {"dist", "node_modules", "package.json"}
    assert {"@aws-sdk", "@smithy"} <= {path.split("/")[2] for path in app if path.startswith("app/node_modules/")}
    assert not {path for path in app if path.startswith(("app/node_modules/typescript", "app/node_modules/@types"))}
    # How this machine reaches its packages was a secret of the build.
    assert not {path for path in names if path.endswith("npmrc")}
    assert not {path for path, about in files if path.startswith("app/") and (about.st_uid, about.st_gid) != (0, 0)}
    assert not {path for path, about in files if path.startswith("app/") and about.st_mode & 0o022}


def test_image_has_expected_configuration(workshop: Workshop, first: BuiltImage) -> None:
    with workshop.open_container(first.pinned) as name:
        config = workshop.read_config(name)
        whole, base = workshop.measure_sizes(name)
    assert config["User"] == "1000:1000"
    assert config["Cmd"] == ["node", "dist/main.js"]
    assert "Entrypoint" not in config
    assert "NODE_ENV=production" in config["Env"]
    assert list(config["ExposedPorts"]) == ["8080/tcp"]
    assert base < whole < base + MOST_OF_THE_APP


def test_the_same_source_is_the_same_image(workshop: Workshop, images: Registry, first: BuiltImage) -> None:
    again = workshop.publish_image(APP, images, "shop/again", TAG, cache=False)
    assert again.digest == first.digest


def test_built_image_runs_everywhere_by_its_digest(
    project: Project,
    workshop: Workshop,
    images: Registry,
    first: BuiltImage,
    tmp_path: Path,
) -> None:
    project.write("environments/dev/terraform.tfvars", f'image = "{first.tagged}"\n')
    for environment in ("staging", "prod"):
        project.write(f"environments/{environment}/terraform.tfvars", "")
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "staging", "--yes")
    to_prod(project)
    assert [image_in(project, environment) for environment in ("dev", "staging", "prod")] == [first.pinned] * 3

    # The tag moves on: to another image, which only dev takes, and staging when it is told to.
    second = workshop.publish_image(changed(tmp_path / "changed"), images, REPOSITORY, TAG)
    assert second.tagged == first.tagged
    assert second.digest != first.digest
    project.run_checked("apply", "dev", "--yes")
    assert [image_in(project, name) for name in ("dev", "staging", "prod")] == [
        second.pinned,
        first.pinned,
        first.pinned,
    ]
    project.run_checked("promote", "dev", "staging", "--yes")
    assert [image_in(project, name) for name in ("staging", "prod")] == [second.pinned, first.pinned]

    with start_container(workshop, image_in(project, "prod"), tmp_path / "log") as container:
        assert container.fetch_json("/health") == (200, {"status": "ok"})
    with start_container(workshop, image_in(project, "staging"), tmp_path / "log") as container:
        assert container.fetch_json("/health") == (200, {"status": "ok", "changed": True})
    to_prod(project)
    assert image_in(project, "prod") == second.pinned
