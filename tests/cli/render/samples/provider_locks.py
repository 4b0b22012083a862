"""The provider lock, as it was and as it is now."""

from dataclasses import replace

from envctl.domain.terraform.provider_lock import PLATFORMS
from envctl.usecases.project.lock_providers import LockedProvider, LockedProviders

AWS, TLS, OLD = (f"registry.terraform.io/hashicorp/{name}" for name in ("aws", "tls", "template"))
WRITTEN = LockedProviders(
    ".terraform.lock.hcl",
    changed=True,
    dry_run=False,
    platforms=PLATFORMS,
    providers=(
        LockedProvider(AWS, "6.24.0", "6.25.0", PLATFORMS),
        LockedProvider(OLD, "2.2.0", "", ()),
        LockedProvider(TLS, "", "4.0.5", PLATFORMS[:3], PLATFORMS[3:]),
    ),
)
HINT = "the sandbox has packages for one platform; to lock all, leave --sandbox out"
PROVIDER_LOCKS: dict[str, object] = {
    "a provider lock": WRITTEN,
    "a provider lock that would be written": replace(WRITTEN, dry_run=True),
    "a provider lock that stays": replace(
        WRITTEN,
        file=".envctl/sandbox/.terraform.lock.hcl",
        changed=False,
        providers=(LockedProvider(AWS, "3.39.0", "3.39.0", PLATFORMS[:1], PLATFORMS[1:]),),
        hint=HINT,
    ),
    "a provider lock without providers": replace(WRITTEN, changed=False, providers=()),
}
