"""The machines that the embedded Terraform fits, as a table."""

import pytest

from envctl.domain.terraform.embedded_fit import Platform, fits_embedded, suggest_terraform

CASES: dict[str, tuple[Platform, bool]] = {
    "Linux with the oldest glibc": (Platform("linux", "x86_64", "2.35"), True),
    "Linux with a newer glibc": (Platform("linux", "x86_64", "2.41"), True),
    "Linux with a glibc of two digits less": (Platform("linux", "x86_64", "2.4"), False),
    "Linux with an older glibc": (Platform("linux", "x86_64", "2.34"), False),
    "Linux with another C library": (Platform("linux", "x86_64"), False),
    "Linux on Arm": (Platform("linux", "aarch64", "2.41"), False),
    "macOS on Apple silicon": (Platform("darwin", "arm64"), True),
    "macOS on Intel": (Platform("darwin", "x86_64"), True),
    "another system": (Platform("freebsd14", "x86_64"), False),
}


@pytest.mark.parametrize(("platform", "fits"), CASES.values(), ids=CASES.keys())
def test_embedded_terraform_fits_by_platform(platform: Platform, fits: bool) -> None:
    assert fits_embedded(platform) is fits


@pytest.mark.parametrize("platform", [platform for platform, fits in CASES.values() if fits])
def test_hint_has_the_command_if_it_fits(platform: Platform) -> None:
    hint = suggest_terraform(platform, "pip install it")
    assert "which fits this machine: pip install it; or install terraform 1.10 or newer" in hint


@pytest.mark.parametrize(
    ("platform", "named"),
    [
        (Platform("linux", "x86_64", "2.31"), "this is linux, x86_64, glibc 2.31"),
        (Platform("linux", "aarch64", "2.41"), "this is linux, aarch64, glibc 2.41"),
        (Platform("linux", "x86_64"), "this is linux, x86_64, another C library than glibc"),
        (Platform("freebsd14", "amd64"), "this is freebsd14, amd64"),
    ],
)
def test_hint_says_why_it_does_not_fit(platform: Platform, named: str) -> None:
    hint = suggest_terraform(platform, "pip install it")
    assert hint.startswith("install terraform 1.10 or newer, or tofu; the embedded one needs Linux on x86-64")
    assert hint.endswith(named)
    assert "pip install it" not in hint
