"""The generated jobs and the table of docs/ci-trust.md: what each may take, and may write."""

from pathlib import Path

from tests.e2e.organisation import load_policies
from tests.iam.generated_jobs import ENVIRONMENTS, list_generated_jobs, print_job_table

PAGE = Path(__file__).parents[2] / "docs" / "ci-trust.md"
POLICIES = {
    "plan": "ListTheStoreForPlans",
    "drift": "ListTheStoreForDrift",
    "prod-approval": "ListTheStoreForApprovals",
    **dict.fromkeys(ENVIRONMENTS, "ListTheStoreForDeployments"),
}


def describe_writes(role: str) -> str:
    """What a role creates in the store, by the policy of docs/iam-jobs.md, which is that of the module."""
    if not role:
        return "nothing"
    statements = load_policies("iam-jobs")[POLICIES[role]]["Statement"]
    paths = [path for each in statements if "s3:PutObject" in _list(each["Action"]) for path in _list(each["Resource"])]
    folders = [path.partition("/shop/")[2].removesuffix("*").rstrip("/") for path in paths]
    return ", ".join(f"`{folder}`" if folder else "everything" for folder in folders) or "nothing"


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_table_of_jobs_is_that_of_the_page() -> None:
    table = print_job_table({role: describe_writes(role) for role in (*POLICIES, "")})
    assert table in PAGE.read_text(encoding="utf-8"), f"write it into the page:\n{table}"


def test_job_that_runs_code_of_a_branch_writes_nothing() -> None:
    """What runs before a merge holds neither a role nor a token that writes anywhere."""
    for job in list_generated_jobs():
        if job.event in ("pull_request", "merge_group") and job.asks_token:
            assert (describe_writes(job.role), [scope for scope in job.scopes if "write" in scope]) == ("nothing", [])
        if "comment" in job.name:
            assert (job.asks_token, job.role) == (False, "")
