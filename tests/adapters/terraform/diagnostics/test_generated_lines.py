"""A line of a file that envctl wrote for a root module leads to the keys of the document behind it."""

import json
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.diagnostics.generated_lines import find_key_path
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.generated_files import GeneratedFiles
from envctl.domain.terraform.workdir_names import JSON_OVERRIDE_FILE, OVERRIDE_FILE, SETTINGS_FILE
from envctl.usecases.ports.terraform import PreparedStack

LONG = "x" * 60
OVERRIDE: dict[str, Any] = {
    "terraform": {"backend": {"s3": {"bucket": "b", "key": "k"}}},
    "provider": {
        "aws": [
            {"region": "r1", "endpoints": {"sts": "s1"}},
            {"alias": "dns", "max_retries": 7, "ignore_tags": {"keys": [f"{LONG}1", f"{LONG}2"]}},
        ],
        "odd": [{"exec": {"command": "c1"}}, {"alias": "two", "exec": {"command": "c2"}}],
    },
    "data": {"terraform_remote_state": {"net": {"config": '${merge({"a": 1}, {\n  b = "config"\n})}'}}},
    "variable": {"last": {"sensitive": True}},
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    files = GeneratedFiles(OVERRIDE, settings={"size": 5, "list": [LONG, "item"]}, kinds={"aws": "aws"}).encode()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return Site("dev", PreparedStack("web", root="."), tmp_path)


@pytest.mark.parametrize(
    ("file", "text", "path"),
    [
        (OVERRIDE_FILE, "bucket", ("terraform", "backend", "s3", "bucket")),
        (OVERRIDE_FILE, "r1", ("provider", "aws", "region")),
        (OVERRIDE_FILE, "s1", ("provider", "aws", "endpoints", "sts")),
        (OVERRIDE_FILE, "max_retries", ("provider", "aws.dns", "max_retries")),
        (OVERRIDE_FILE, f"{LONG}2", ("provider", "aws.dns", "ignore_tags", "keys", 1)),
        (OVERRIDE_FILE, "sensitive", ("variable", "last", "sensitive")),
        (JSON_OVERRIDE_FILE, "c1", ("provider", "odd", "exec", "command")),
        (JSON_OVERRIDE_FILE, "c2", ("provider", "odd.two", "exec", "command")),
        (SETTINGS_FILE, "size", ("size",)),
        (SETTINGS_FILE, "item", ("list",)),
    ],
)
def test_line_leads_to_its_keys(site: Site, file: str, text: str, path: tuple[str | int, ...]) -> None:
    lines = (site.directory / file).read_text().splitlines()
    (number,) = (at for at, line in enumerate(lines, start=1) if text in line)
    assert find_key_path(site, file, number) == path


def test_missing_file_leads_nowhere(site: Site) -> None:
    (site.directory / OVERRIDE_FILE).unlink()
    assert find_key_path(site, OVERRIDE_FILE, 1) == ()


def test_damaged_json_leads_to_the_provider(site: Site) -> None:
    text = json.dumps({"provider": {"odd": [{"a": 1}]}}, indent=2)
    (site.directory / JSON_OVERRIDE_FILE).write_text(text.removesuffix("}"))
    assert find_key_path(site, JSON_OVERRIDE_FILE, 5) == ("provider", "odd", "a")


def test_any_line_of_a_file_has_a_path(site: Site) -> None:
    for file in (OVERRIDE_FILE, JSON_OVERRIDE_FILE, SETTINGS_FILE):
        for number in range(len((site.directory / file).read_text().splitlines()) + 2):
            find_key_path(site, file, number)
