"""What the tables `[ci.github]` and `[ci.gitlab]` share, and checks between keys of `[ci]`."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

from envctl.domain.config.fields import Fault, TomlPath, find_table, list_texts, match_text, parse_quoted_duration
from envctl.domain.text.suggestions import suggest_name

BRANCH_PATTERN = r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*"
"""Stricter than git-check-ref-format: such names need no quoting anywhere."""
PLAN, DRIFT = "plan", "drift"
"""Keys of `roles` besides the environments."""
APPROVAL = "-approval"
"""End of the name of the job that records what people decide about an environment, as a key of `roles` and
`environments`, and by default on the forge.
"""
_PACKAGE_PATH: TomlPath = ("ci", "kubernetes_package")

Branch = Annotated[str, match_text(BRANCH_PATTERN, 'the name of a branch: letters, digits and ._/-, such as "main"')]
Prefix = Annotated[str, match_text(r"[a-z][a-z0-9-]{0,31}", "a lower-case letter and up to 31 more of a-z, 0-9 and -")]


def limit_timeout(shortest: timedelta, longest: timedelta, example: str, limits: str) -> BeforeValidator:
    """Return the validator of the time limit of a job, in whole minutes."""

    def parse_timeout(text: object) -> timedelta:
        found = parse_quoted_duration(text, example)
        if not shortest <= found <= longest or found % timedelta(minutes=1):
            raise ValueError(f"must be from {limits}, in whole minutes")
        return found

    return BeforeValidator(parse_timeout)


def find_name_faults(document: Mapping[str, object], system: str, code: str, variable: str) -> Iterator[Fault]:
    """Yield faults of names in `roles` and `environments`. `variable` is a text like `the variable {} in GitHub`."""
    table = find_table(document, "ci", system)
    order = list_texts(find_table(document, "pipeline").get("order"))
    approvals = list_approval_jobs(document)
    for key, known in (("roles", [PLAN, DRIFT, *order, *approvals]), ("environments", [*order, *approvals])):
        for name in find_table(table, key):
            if order and name not in known:
                message = f"ci.{system}.{key} names {name}, which is not in the pipeline"
                hint = suggest_name(name, known) or f"correct the name, or add {name} to pipeline.order"
                yield Fault("E104", message, hint, ("ci", system, key, name))
    for name in sorted({PLAN, DRIFT} & {*order} & {*find_table(table, "roles")}):
        message = f"ci.{system}.roles names {name}, which is a job and an environment"
        where = variable.format(f"ENVCTL_{name.upper()}_ROLE")
        yield Fault(code, message, f"rename the environment, or {where}", ("ci", system, "roles", name))


def list_approval_jobs(document: Mapping[str, object]) -> list[str]:
    """Return the names of the jobs that record what people decide, of environments with a key for people."""
    environments = find_table(document, "environments")
    order = list_texts(find_table(document, "pipeline").get("order"))
    return [f"{name}{APPROVAL}" for name in order if "approval_signing_key" in find_table(environments, name)]


def find_approval_faults(document: Mapping[str, object]) -> Iterator[Fault]:
    """Yield the fault (E063) of an environment that has the name of such a job: its role would approve."""
    order = list_texts(find_table(document, "pipeline").get("order"))
    for name in [name for name in list_approval_jobs(document) if name in order]:
        other = name.removesuffix(APPROVAL)
        message = f"the environment {name} has the name of the job that records approvals of {other}"
        yield Fault("E063", message, "rename one of the two environments", ("pipeline", "order"))


def find_package_faults(document: Mapping[str, object]) -> Iterator[Fault]:
    """Yield the fault (E146) of a `kubernetes_package` without a wheel or version of envctl."""
    table = find_table(document, "ci")
    if "kubernetes_package" not in table:
        return
    package = table.get("package")
    if package is None:
        message = "ci.kubernetes_package is set without ci.package"
        yield Fault("E146", message, "add package, or remove it", _PACKAGE_PATH)
    elif isinstance(package, str) and package.startswith("git+"):
        message = "ci.kubernetes_package is for wheels and versions of ci.package: a commit has both packages"
        yield Fault("E146", message, "remove kubernetes_package", _PACKAGE_PATH)
