"""Names and ARNs of secrets in settings."""

import re

from envctl.domain.aws.secret_status import NeededSecret, SecretKind

_NAME: dict[SecretKind, re.Pattern[str]] = {
    "secretsmanager": re.compile(r"[\w/+=.@-]{1,512}", re.ASCII),
    "ssm": re.compile(r"(?=.{1,1011}$)/?[\w.-]+(/[\w.-]+)*", re.ASCII),
}
_ARN = re.compile(
    r"arn:aws[\w-]*:(?P<kind>secretsmanager|ssm):(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<rest>.+)", re.ASCII
)
# Container definitions may append key, stage and version to the ARN of a secret.
_SECRET_RESOURCE = re.compile(r"secret:(?P<name>[^:]+)(:[^:]*){0,3}")
_PARAMETER_RESOURCE = re.compile(r"parameter/(?P<name>[^:]+)(:[\w.-]+)?", re.ASCII)
_RANDOM_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
_SELECTOR = re.compile(r":[\w.-]+$", re.ASCII)
_SECRETS_MANAGER_PREFIX = "/aws/reference/secretsmanager/"
_PUBLIC_PREFIX = "/aws/service/"


def parse_secret(kind: SecretKind, text: str) -> NeededSecret | None:
    """Return the secret named by a text. `kind` is the service for plain names; an ARN names its own.

    Returns None for public parameters, such as those with the images of AWS. Raises ValueError for an invalid name; its
    message leaves out the text, because it may be a secret itself.
    """
    if text.startswith("arn:"):
        return _parse_arn(text)
    if kind == "ssm":
        text = _SELECTOR.sub("", text)
        if text.startswith(_PUBLIC_PREFIX):
            return None
        if text.startswith(_SECRETS_MANAGER_PREFIX):
            kind, text = "secretsmanager", text.removeprefix(_SECRETS_MANAGER_PREFIX)
    if not _NAME[kind].fullmatch(text):
        raise ValueError("not a name")
    return NeededSecret(kind=kind, name=text, id=text)


def _parse_arn(text: str) -> NeededSecret | None:
    arn = _ARN.fullmatch(text)
    if arn is None:
        raise ValueError("not the ARN of a secret")
    account, region = arn["account"], arn["region"]
    if arn["kind"] == "ssm":
        found = _PARAMETER_RESOURCE.fullmatch(arn["rest"])
        # Names with folders begin with a slash; the ARN leaves it out.
        named = parse_secret("ssm", f"/{found['name']}" if "/" in found["name"] else found["name"]) if found else None
        if found and named is None:
            return None
        if named is None or named.kind != "ssm":
            raise ValueError("not the ARN of a parameter")
        return NeededSecret(kind="ssm", name=named.name, id=named.name, account_id=account, region=region)
    found = _SECRET_RESOURCE.fullmatch(arn["rest"])
    if found is None or not _NAME["secretsmanager"].fullmatch(found["name"]):
        raise ValueError("not the ARN of a secret")
    whole = f"{text[: arn.start('rest')]}secret:{found['name']}"
    name = _RANDOM_SUFFIX.sub("", found["name"]) or found["name"]
    return NeededSecret(kind="secretsmanager", name=name, id=whole, account_id=account, region=region)
