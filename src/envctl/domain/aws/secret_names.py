"""The names and ARNs of secrets, as people write them into settings."""

import re

from envctl.domain.aws.secret_status import Kind, NeededSecret

_NAME: dict[Kind, re.Pattern[str]] = {
    "secretsmanager": re.compile(r"[\w/+=.@-]{1,512}", re.ASCII),
    "ssm": re.compile(r"(?=.{1,1011}$)/?[\w.-]+(/[\w.-]+)*", re.ASCII),
}
_ARN = re.compile(
    r"arn:aws[\w-]*:(?P<kind>secretsmanager|ssm):(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<rest>.+)", re.ASCII
)
# A container's definition may pick a key, a stage and a version of a secret behind its ARN.
_SECRET = re.compile(r"secret:(?P<name>[^:]+)(:[^:]*){0,3}")
_PARAMETER = re.compile(r"parameter/(?P<name>[^:]+)(:[\w.-]+)?", re.ASCII)
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
_SELECTOR = re.compile(r":[\w.-]+$", re.ASCII)
_OF_SECRETS_MANAGER = "/aws/reference/secretsmanager/"
_OF_AWS = "/aws/service/"


def read(kind: Kind, text: str) -> NeededSecret | None:
    """The secret that a text names. `kind` is where a plain name is looked for; an ARN says it by itself.

    None for what is public, such as the parameters with which AWS names its images. Raises ValueError where the text
    can't be a name; what it says is not in the message, as it may be a secret itself.
    """
    if text.startswith("arn:"):
        return _of_arn(text)
    if kind == "ssm":
        text = _SELECTOR.sub("", text)
        if text.startswith(_OF_AWS):
            return None
        if text.startswith(_OF_SECRETS_MANAGER):
            kind, text = "secretsmanager", text.removeprefix(_OF_SECRETS_MANAGER)
    if not _NAME[kind].fullmatch(text):
        raise ValueError("not a name")
    return NeededSecret(kind, text, text)


def _of_arn(text: str) -> NeededSecret | None:
    arn = _ARN.fullmatch(text)
    if arn is None:
        raise ValueError("not the ARN of a secret")
    account, region = arn["account"], arn["region"]
    if arn["kind"] == "ssm":
        found = _PARAMETER.fullmatch(arn["rest"])
        # What lies in a folder begins with a slash, which an ARN leaves out.
        named = read("ssm", f"/{found['name']}" if "/" in found["name"] else found["name"]) if found else None
        if found and named is None:
            return None
        if named is None or named.kind != "ssm":
            raise ValueError("not the ARN of a parameter")
        return NeededSecret("ssm", named.name, named.name, account_id=account, region=region)
    found = _SECRET.fullmatch(arn["rest"])
    if found is None or not _NAME["secretsmanager"].fullmatch(found["name"]):
        raise ValueError("not the ARN of a secret")
    whole = f"{text[: arn.start('rest')]}secret:{found['name']}"
    name = _SUFFIX.sub("", found["name"]) or found["name"]
    return NeededSecret("secretsmanager", name, whole, account_id=account, region=region)
