"""Paths of a project with code beside it: as the project writes them, and from the top of the bundle."""

from posixpath import normpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.terraform.bundle_paths import count_levels_up, find_base, to_bundle_path, to_project_path

PARTS = st.lists(st.sampled_from(["shop", "net", "modules", "a b"]), min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("project", "paths", "base"),
    [
        ("projects/shop", ["modules/web/main.tf"], ""),
        ("projects/shop", ["../modules/net/main.tf", "modules/web/main.tf"], "shop"),
        ("projects/shop", ["../../modules/net/main.tf", "../other/main.tf"], "projects/shop"),
        ("a/b/c", ["../x/main.tf"], "c"),
        ("", ["modules/web/main.tf"], ""),
    ],
)
def test_base_begins_below_nearest_common_folder(project: str, paths: list[str], base: str) -> None:
    assert find_base(project, paths) == base


@pytest.mark.parametrize(
    ("base", "project_path", "bundle_path"),
    [
        ("projects/shop", "../../modules/net/main.tf", "modules/net/main.tf"),
        ("projects/shop", "../net/main.tf", "projects/net/main.tf"),
        ("projects/shop", "modules/web/main.tf", "projects/shop/modules/web/main.tf"),
        ("projects/shop", ".", "projects/shop"),
        ("", "modules/web/main.tf", "modules/web/main.tf"),
    ],
)
def test_path_has_one_form_on_each_side(base: str, project_path: str, bundle_path: str) -> None:
    assert to_bundle_path(base, project_path) == bundle_path
    assert to_project_path(base, bundle_path) == project_path


@given(PARTS, PARTS)
def test_path_of_bundle_survives_both_ways(base: str, path: str) -> None:
    written = to_project_path(base, path)
    assert to_bundle_path(base, written) == path
    assert normpath(written) == written
    assert count_levels_up(written) <= len(base.split("/"))
