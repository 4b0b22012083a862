"""The Terraform that is pinned and installed."""

from envctl.usecases.project.terraform_program import InstalledProgram, PinnedProgram

DIGESTS = {"linux_amd64": "4f8b3a0e" * 8, "darwin_arm64": "91c2d7e6" * 8}
PINNED_PROGRAMS: dict[str, object] = {
    "pinned program": PinnedProgram("terraform", "1.15.5", DIGESTS),
    "pinned program in place of another": PinnedProgram("tofu", "1.10.2", DIGESTS, "Terraform 1.15.5"),
    "installed program": InstalledProgram(
        "Terraform 1.15.5", "/shop/.envctl/cache/terraform/4f8b/terraform", DIGESTS["linux_amd64"], installed=True
    ),
    "program installed before": InstalledProgram(
        "OpenTofu 1.10.2", "/usr/local/bin/tofu", DIGESTS["linux_amd64"], installed=False
    ),
}
