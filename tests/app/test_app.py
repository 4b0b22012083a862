"""The application of the reference platform: its own tests, and what its files promise."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

APP = Path(__file__).parents[2] / "app"
PACKAGE = json.loads((APP / "package.json").read_text())
LOCK = json.loads((APP / "package-lock.json").read_text())
DOCKERFILE = (APP / "Dockerfile").read_text()
OWN = shutil.ignore_patterns("node_modules", "build", "dist", "secrets")


def npm(folder: Path, *words: str) -> str:
    done = subprocess.run(["npm", *words], cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.node
@pytest.mark.slow
def test_application_tests_pass_with_locked_packages(tmp_path: Path) -> None:
    app = tmp_path / "app"
    shutil.copytree(APP, app, ignore=OWN)
    npm(app, "ci")
    said = npm(app, "test")
    assert re.search(r"^. pass [1-9]", said, re.MULTILINE), said
    for nothing in ("fail", "cancelled", "skipped", "todo"):
        assert re.search(rf"^. {nothing} 0$", said, re.MULTILINE), said


def packages() -> dict[str, dict[str, Any]]:
    return {name: package for name, package in LOCK["packages"].items() if name}


def test_packages_are_locked_by_hash_without_address() -> None:
    assert packages()
    for name, package in packages().items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
    assert "://" not in json.dumps(LOCK)


def test_packages_have_exact_versions_and_no_scripts() -> None:
    for version in (PACKAGE["dependencies"] | PACKAGE["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert not [name for name, package in packages().items() if package.get("hasInstallScript")]


def test_stages_use_one_tagged_base_image() -> None:
    (base,) = re.findall(r"^ARG BASE_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"docker\.io/library/node:[\w.-]+", base)
    assert re.findall(r"^FROM (\S+) AS (\w+)$", DOCKERFILE, re.MULTILINE) == [
        ("${BASE_IMAGE}", "dependencies"),
        ("dependencies", "development"),
        ("dependencies", "builder"),
        ("${BASE_IMAGE}", "production"),
    ]


def test_production_image_is_unprivileged_with_health_check() -> None:
    production = DOCKERFILE.partition("AS production")[2]
    user = re.findall(r"^USER (\S+)$", production, re.MULTILINE)
    assert user == ["1000:1000"]
    assert re.search(r'^HEALTHCHECK .*CMD \["node", "dist/healthcheck\.js"\]$', production, re.MULTILINE)
    assert re.search(r'^CMD \["node", "dist/main\.js"\]$', production, re.MULTILINE)


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((APP / name).read_text())["services"]["app"]
    return found


def test_development_container_mounts_the_source() -> None:
    app = service("compose.yaml")
    assert app["build"]["target"] == "development"
    assert app["volumes"] == ["./src:/app/src:ro"]


def test_production_container_has_least_privileges() -> None:
    app = service("compose.prod.yaml")
    assert app["build"]["target"] == "production"
    assert app["read_only"] is True
    assert app["cap_drop"] == ["ALL"]
    assert app["security_opt"] == ["no-new-privileges:true"]
    assert set(app["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert app["secrets"] == ["database"]
    assert app["environment"]["DATABASE_SECRET_FILE"] == "/run/secrets/database"
    assert not [name for name in app if name in ("volumes", "cap_add", "privileged", "user")]


def test_containers_listen_on_loopback_only() -> None:
    for name in ("compose.yaml", "compose.prod.yaml"):
        assert all(port.startswith("127.0.0.1:") for port in service(name)["ports"])


def test_every_read_variable_is_documented() -> None:
    table = (APP / "README.md").read_text()
    source = "".join(file.read_text() for file in (APP / "src").glob("*.ts"))
    read = set(re.findall(r'"([A-Z][A-Z_]{3,})"', source)) - {"SIGTERM", "SIGINT", "HEAD"}
    assert {"PORT", "LOG_LEVEL", "DATABASE_SECRET_ARN"} <= read
    for name in read:
        assert f"`{name}`" in table, name
