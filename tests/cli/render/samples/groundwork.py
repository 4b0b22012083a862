"""What envctl stands on: buckets that are made or looked at, and what a doctor says."""

from dataclasses import replace

from envctl.domain.aws import bucket_lifecycle, bucket_policy
from envctl.domain.aws.bucket_plan import DEFAULT_RETENTION, list_findings, plan_steps
from envctl.domain.aws.buckets import FoundBucket, WantedBucket, explain_step
from envctl.domain.errors import Problem
from envctl.domain.findings import Finding
from envctl.usecases.account.bootstrap import Bootstrap
from envctl.usecases.inspect.doctor.doctor import Doctor, Section
from envctl.usecases.ledger import ledger_store
from envctl.usecases.ledger.ledger_store import OVERWRITE_PROBLEM
from envctl.usecases.ports.bucket_report import BucketReport, unchecked_report

STORE = WantedBucket(name="shop-envctl-store", region="ap-northeast-1", account_id="999999999999", purpose="store")
DEV = WantedBucket(
    name="shop-tfstate-111111111111",
    region="ap-northeast-1",
    account_id="111111111111",
    purpose="state",
    environments=("dev", "staging"),
)
PROD = WantedBucket(
    name="shop-tfstate-333333333333",
    region="ap-northeast-1",
    account_id="333333333333",
    purpose="state",
    environments=("prod",),
)


def _whole(wanted: WantedBucket) -> FoundBucket:
    rules = bucket_lifecycle.merge_rules((), wanted) if wanted.purpose == "store" else ()
    policy = bucket_policy.merge_policy({}, wanted)
    return FoundBucket(
        versioning="Enabled",
        encryption="AES256",
        open_to_public=(),
        ownership="BucketOwnerEnforced",
        policy=policy,
        locks=True,
        retention=DEFAULT_RETENTION,
        rules=rules,
    )


def _seen(wanted: WantedBucket, found: FoundBucket | None, *problems: Problem) -> BucketReport:
    return replace(unchecked_report(wanted), findings=list_findings(wanted, found), problems=problems)


def _planned(wanted: WantedBucket, *more: str) -> BucketReport:
    return replace(unchecked_report(wanted), steps=(*map(explain_step, plan_steps(wanted, None)), *more))


TRIED = Finding(ledger_store.PROBE_FINDING, "good", "objects can't be overwritten (tested just now)")
ELSEWHERE = Problem(
    "E420",
    "the bucket shop-tfstate-333333333333 belongs to another account: bucket names are unique in all of AWS",
    "choose another name in envctl.toml; the bucket is unchanged",
)
DENIED = Problem(
    "E425",
    "shop-tfstate-111111111111: AWS denied this step (encrypt new objects (SSE-S3)): Access Denied (AccessDenied)",
    "what was done before stays; as somebody of that account who may: envctl bootstrap dev --as-me",
)
CLOSED = Problem("E424", "can't be looked at: Access Denied (AccessDenied)", "allow s3:GetBucketPolicy on it")
WEAK = replace(_whole(PROD), versioning="Suspended", unseen={"policy": CLOSED})
EXPIRING = {"ID": "clean up", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 30}}
REFUSED = Problem(
    "E426",
    "the store ignores If-None-Match: it accepted a second object under the same key without an error."
    " If two people work at once, entries of one would be lost",
    OVERWRITE_PROBLEM.hint,
)
BOOTSTRAPS = {
    "a bootstrap to come": Bootstrap(
        "planned", (_planned(STORE, ledger_store.PROBE_STEP), _planned(DEV), _planned(PROD)), next="envctl bootstrap"
    ),
    "a bootstrap": Bootstrap(
        "done",
        (_seen(STORE, _whole(STORE)), _seen(DEV, _whole(DEV)), _seen(PROD, _whole(PROD))),
        TRIED,
        next="envctl doctor",
    ),
    "a bootstrap that met somebody else": Bootstrap(
        "done",
        (
            _seen(STORE, _whole(STORE)),
            _seen(DEV, replace(_whole(DEV), encryption=""), DENIED),
            replace(unchecked_report(PROD), problems=(ELSEWHERE,)),
        ),
        TRIED,
    ),
    "a bootstrap of a store that can't be one": Bootstrap("done", (_seen(STORE, _whole(STORE)),), refused=(REFUSED,)),
    "a bootstrap of nothing": Bootstrap(
        "done",
        (),
        needless=(
            "the store file://.envctl/store needs no bucket",
            'states are on the disk of this machine ([state] backend = "local") and need no bucket',
        ),
    ),
    "a bootstrap check of what is missing": Bootstrap(
        "checked", (_seen(STORE, None), _seen(DEV, FoundBucket()), _seen(PROD, None)), next="envctl bootstrap"
    ),
    "a bootstrap check of what is weak": Bootstrap(
        "checked",
        (
            _seen(STORE, replace(_whole(STORE), rules=(*_whole(STORE).rules, EXPIRING))),
            _seen(DEV, _whole(DEV)),
            _seen(PROD, WEAK),
        ),
        Finding(
            ledger_store.PROBE_FINDING,
            "unseen",
            "write protection was never tested",
            "envctl bootstrap",
        ),
        next="envctl bootstrap",
    ),
}

_PROJECT = (
    Finding("envctl.toml", "good", "shop: dev, staging, prod"),
    Finding("settings", "good", "63 in 3 environments, of the right types"),
)
_TERRAFORM = (
    Finding("terraform", "good", "1.15.5 (/usr/local/bin/terraform)"),
    Finding("provider lock", "good", "hashicorp/aws 6.25.0"),
    Finding("providers", "good", "from the registry registry.terraform.io"),
)


def _you(seen: str) -> tuple[Finding, ...]:
    return (
        Finding(
            "credentials", "good", "assumed-role/AWSReservedSSO_Engineer/hanako@example.com in account 999999999999"
        ),
        Finding("clock", "good", seen),
    )


def _deployer(account: str) -> Finding:
    return Finding(
        "credentials",
        "good",
        f"assumed-role/envctl-deployer/envctl-hanako@example.com in account {account}, for 59 min more",
    )


ROLE = "the role arn:aws:iam::333333333333:role/envctl-deployer can't be assumed: not authorized (AccessDenied)"
TRUST = "allow your own principal to assume it, in the role's trust policy and in your policy"
DOCTORS = {
    "a doctor who finds nothing": Doctor(
        (
            Section("project", _PROJECT),
            Section("Terraform", _TERRAFORM),
            Section("you", _you("1 s behind that of AWS")),
            Section(
                "store",
                (
                    Finding("bucket", "good", "shop-envctl-store in ap-northeast-1"),
                    Finding("ledger", "good", "verified: all 41 entries match the chain"),
                    TRIED,
                ),
            ),
            Section(
                "dev",
                (
                    _deployer("111111111111"),
                    Finding("bucket", "good", "shop-tfstate-111111111111 in ap-northeast-1"),
                ),
                "dev",
            ),
        )
    ),
    "a doctor who finds much": Doctor(
        (
            Section(
                "project",
                (
                    _PROJECT[0],
                    Finding(
                        "settings",
                        "bad",
                        "environments/prod/terraform.tfvars:2: E203 sise is not a setting: no stack has such a"
                        " variable (and 1 more)",
                        "envctl validate",
                    ),
                ),
            ),
            Section(
                "Terraform",
                (
                    Finding(
                        "terraform",
                        "bad",
                        "E302 Terraform is 1.5.7 (/usr/bin/terraform), but [terraform] version requires >= 1.10",
                        "install a matching version, and set its path in [terraform] binary or ENVCTL_TERRAFORM",
                    ),
                    Finding(
                        "provider lock",
                        "warn",
                        ".terraform.lock.hcl has no provider yet",
                        "the first apply writes it; then commit it: envctl apply dev",
                    ),
                    Finding("providers", "unseen", "not checked: installed from the registry registry.terraform.io"),
                ),
            ),
            Section(
                "you",
                (
                    _you("")[0],
                    Finding(
                        "clock",
                        "bad",
                        "E428 this machine's clock is 412 s ahead of that of AWS; AWS refuses requests so far off",
                        "set this machine's clock, and let NTP keep it right",
                    ),
                ),
            ),
            Section(
                "store",
                (
                    Finding(
                        "bucket",
                        "warn",
                        "shop-envctl-store has weak settings: policy, object lock",
                        "envctl bootstrap --check",
                    ),
                    Finding("ledger", "good", "no entries yet"),
                    Finding(
                        ledger_store.PROBE_FINDING,
                        "unseen",
                        "write protection was never tested",
                        "envctl doctor --probe",
                    ),
                ),
            ),
            Section(
                "prod",
                (
                    Finding("credentials", "bad", f"E413 {ROLE}", TRUST),
                    Finding("bucket", "unseen", "not checked: shop-tfstate-333333333333 needs the right credentials"),
                ),
                "prod",
            ),
        ),
        (
            Problem("E203", "sise is not a setting: no stack has such a variable", "did you mean size?"),
            Problem("E302", "Terraform is 1.5.7", "install a matching version"),
            Problem("E428", "this machine's clock is 412 s ahead", "set it"),
            Problem("E413", ROLE, TRUST),
        ),
        misconfigured=True,
    ),
}
