"""The mistake in the AWS configuration of this machine behind an exception of botocore."""

import os
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from pathlib import Path
from traceback import walk_tb
from urllib.parse import urlsplit

from envctl.adapters.aws.credentials.error_causes import CAUSES, SETTINGS, Cause
from envctl.adapters.aws.credentials.profiles import list_profiles
from envctl.domain.aws.profile_files import PROFILE_FILES
from envctl.domain.errors import Problem
from envctl.domain.text.suggestions import find_nearest

ENDPOINT_PREFIX = "AWS_ENDPOINT_URL"
CERTIFICATE_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_SHOW = "aws configure list"


class Origin(Enum):
    """The part of botocore an exception was raised in."""

    PROGRAM = auto()
    CODE = auto()
    TOKEN = auto()
    WEB_IDENTITY = auto()
    CONTAINER = auto()
    EXPIRY = auto()
    ELSEWHERE = auto()


_ORIGINS = (
    ("ask_code", Origin.CODE),
    ("ProcessProvider.", Origin.PROGRAM),
    ("FileWebIdentityTokenLoader.", Origin.TOKEN),
    ("AssumeRoleWithWebIdentity", Origin.WEB_IDENTITY),
    ("ContainerProvider.", Origin.CONTAINER),
    ("EnvProvider.", Origin.EXPIRY),
)


def classify_error(error: BaseException) -> Cause | None:
    """Return the cause of an exception of botocore or boto3; None for any other exception."""
    return next((CAUSES[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in CAUSES), None)


def find_misconfiguration(error: Exception, environment: Mapping[str, str] = os.environ) -> Problem | None:
    """Return a problem with the variable or file to correct; None if the configuration is not the cause: AWS refused,
    is unreachable, or knows no credentials.
    """
    origin, cause = _find_origin(error), classify_error(error)
    if problem := _origin_problem(origin, error, environment):
        return problem
    match cause:
        case Cause.PROFILE:
            return _unknown_profile_problem(error, environment)
        case Cause.FILE:
            return _unreadable_file_problem(error)
        case Cause.SETTING:
            return _setting_problem(error, environment)
        case Cause.CREDENTIALS:
            return _credentials_problem(error, environment)
        case Cause.INSTALLATION:
            hint = (
                "use another profile: AWS_PROFILE=NAME, or install the missing package into the environment of envctl"
            )
            return Problem("E493", f"the AWS profile can't be used: {extract_reason(error)}", hint)
        case Cause.NETWORK:
            return _check_certificates(environment) or _check_proxies(environment)
        case Cause.SIGN_IN | Cause.SERVICE | Cause.CALL:
            return None
        case None:
            return _unclassified_problem(error, origin, environment)


def extract_reason(error: Exception) -> str:
    """Return the first line of a message of botocore; all of it in one line if the first is a mere heading."""
    first, _, rest = str(error).strip().partition("\n")
    text = f"{first} {rest}" if first.endswith(":") else first
    return " ".join(text.split()).rstrip(".")


def _find_origin(error: BaseException) -> Origin:
    frames = [frame for each in _iterate_causes(error) for frame, _ in walk_tb(each.__traceback__)]
    names = [frame.f_code.co_qualname for frame in frames]
    return next((origin for part, origin in _ORIGINS if any(part in name for name in names)), Origin.ELSEWHERE)


def _iterate_causes(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__ or each.__context__


def _origin_problem(origin: Origin, error: Exception, environment: Mapping[str, str]) -> Problem | None:
    match origin:
        case Origin.CODE:
            message = "the AWS profile needs a code (mfa_serial), but there is no terminal to enter it"
            return Problem("E494", message, "use credentials without a code, or run this on a terminal")
        case Origin.PROGRAM:
            hint = "run the program alone, and correct credential_process in the AWS profile"
            message = f"credential_process of the AWS profile gives no credentials: {_explain_program(error)}"
            return Problem("E494", message, hint)
        case Origin.TOKEN:
            why = getattr(error, "strerror", "") or "it is not text"
            return _token_file_problem(f"can't be read: {why}", environment)
        case Origin.WEB_IDENTITY if "WebIdentityToken" in str(error):
            return _token_file_problem("holds no token", environment)
        case Origin.WEB_IDENTITY if "RoleArn" in str(error) or "role ARN" in str(error):
            message = "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN (or role_arn of the profile) is not a role"
            return Problem("E493", message, "set AWS_ROLE_ARN to the ARN of the role, or unset both")
        case _:
            return None


def _explain_program(error: Exception) -> str:
    """Explain why a `credential_process` failed. Its stdout is never quoted: it may hold a key."""
    match error:
        case FileNotFoundError() | PermissionError():
            return f"{error.filename}: {error.strerror}"
        case IndexError():
            return "it names no program"
        case _ if type(error).__name__ == "TimeoutExpired":
            return f"no answer in {getattr(error, 'timeout', 0):g} s"
        case ValueError() if "quotation" in str(error) or "escape" in str(error):
            return f"its quotes are unbalanced ({extract_reason(error)})"
        case _ if classify_error(error) is not None:
            return extract_reason(error)
        case _:
            return "its output is not valid for a credential process"


def _token_file_problem(what: str, environment: Mapping[str, str]) -> Problem:
    file = environment.get("AWS_WEB_IDENTITY_TOKEN_FILE") or "web_identity_token_file of the AWS profile"
    hint = "correct AWS_WEB_IDENTITY_TOKEN_FILE, or unset it: in a job, it may have to request its token first"
    return Problem("E495", f"the token file {file} {what}", hint)


def _unknown_profile_problem(error: Exception, environment: Mapping[str, str]) -> Problem:
    profile = str(getattr(error, "kwargs", {}).get("profile", ""))
    names = [name for name in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE") if environment.get(name) == profile]
    named = names[0] if names else "envctl"
    config, credentials = (environment.get(name, default) for name, default in PROFILE_FILES.items())
    message = f"{named} needs the AWS profile {profile}, but {config} and {credentials} do not contain it"
    correct = f"correct {named}, or unset it" if names else "correct the name of the profile"
    near = find_nearest(profile, list_profiles(environment))
    meant = f"did you mean {near}? If not, " if near else ""
    return Problem("E490", message, f"{meant}{correct}; aws configure list-profiles lists the profiles")


def _unreadable_file_problem(error: Exception) -> Problem:
    path = getattr(error, "kwargs", {}).get("path", "the AWS configuration")
    lines: list[object] = []
    for each in _iterate_causes(error):
        faults = getattr(each, "errors", None)
        lines.append(faults[0][0] if isinstance(faults, list) and faults else getattr(each, "lineno", None))
    line = next((line for line in lines if isinstance(line, int) and line), None)
    where = f"{path}:{line}" if line else str(path)
    return Problem("E491", f"the AWS configuration {where} can't be read", f"correct that file; test it with {_SHOW}")


def _setting_problem(error: Exception, environment: Mapping[str, str]) -> Problem:
    region = getattr(error, "kwargs", {}).get("region_name")
    if region and region != environment.get("AWS_DEFAULT_REGION"):
        message = f"the region {region} can't be used: {extract_reason(error)}"
        return Problem("E492", message, "correct region in envctl.toml")
    where = _locate_setting(SETTINGS.get(type(error).__name__, ()), str(error), environment)
    return unusable_problem(where, extract_reason(error))


def unusable_problem(where: str, why: str) -> Problem:
    return Problem(
        "E492", f"{where} can't be used: {why}", f"correct it, or remove it; {_SHOW} shows the active values"
    )


def _locate_setting(names: tuple[str, ...], text: str, environment: Mapping[str, str]) -> str:
    """Return the place of the first of the named settings: its variable if set, else its key in the file."""
    settings = _map_settings()
    about = names or tuple(name for name in settings if name in text)
    for name in about:
        for variable in settings.get(name, ("", ()))[1]:
            if environment.get(variable):
                return variable
    if not about:
        return "the AWS configuration"
    return f"{settings.get(about[0], ('', ()))[0] or about[0]} in {_config_path(environment)}"


def _config_path(environment: Mapping[str, str]) -> str:
    return environment.get("AWS_CONFIG_FILE", PROFILE_FILES["AWS_CONFIG_FILE"])


def _map_settings() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the settings of boto3: each with its key in the configuration file and its variables."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as SESSION

    return {
        name: (key or "", (variables,) if isinstance(variables, str) else tuple(variables or ()))
        for name, (key, variables, *_) in SESSION.items()
    }


def _credentials_problem(error: Exception, environment: Mapping[str, str]) -> Problem:
    text = extract_reason(error)
    if name := next((name for name in _map_settings() if name in text and name not in {"profile", "region"}), ""):
        return unusable_problem(_locate_setting((name,), text, environment), text)
    if "found in env" in text:
        message = f"the AWS keys in the environment are incomplete: {text}"
        return Problem("E493", message, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or unset both")
    profile = environment.get("AWS_DEFAULT_PROFILE") or environment.get("AWS_PROFILE") or "default"
    config, credentials = (environment.get(name, default) for name, default in PROFILE_FILES.items())
    message = f"the AWS profile has no usable credentials: {text}"
    return Problem("E493", message, f"correct the profile {profile} in {config} or {credentials}; test it with {_SHOW}")


def _unclassified_problem(error: Exception, origin: Origin, environment: Mapping[str, str]) -> Problem | None:
    """Find the problem behind an exception of no botocore class: botocore does not check all it reads."""
    if origin is Origin.CONTAINER:
        name = "AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or their token"
        why = extract_reason(error) if isinstance(error, ValueError) else "the token file can't be read"
        return unusable_problem(name, why)
    if origin is Origin.EXPIRY:
        return unusable_problem("AWS_CREDENTIAL_EXPIRATION", "it is not a time")
    if isinstance(error, RuntimeError):
        # Expired credentials: their configuration is fine.
        return None
    for check in (_check_numbers, _check_endpoints, _check_certificates, _check_proxies):
        if problem := check(environment):
            return problem
    names = sorted(name for name in environment if name.startswith("AWS_"))
    where = ", ".join([*names, _config_path(environment)])
    return unusable_problem(where, f"{type(error).__name__} in AWS's own library")


def _check_numbers(environment: Mapping[str, str]) -> Problem | None:
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as SESSION

    numbers = {name for name, (_, _, _, convert) in SESSION.items() if convert is int}
    for variable in (each for name, (_, variables) in _map_settings().items() if name in numbers for each in variables):
        try:
            int(environment.get(variable, "0"))
        except ValueError:
            return unusable_problem(variable, f"{environment[variable]!r} is not a whole number")
    return None


def _check_endpoints(environment: Mapping[str, str]) -> Problem | None:
    for name, url in environment.items():
        if name.startswith(ENDPOINT_PREFIX) and not _is_url(url):
            return unusable_problem(name, "it is not a URL with http or https")
    return None


def _check_proxies(environment: Mapping[str, str]) -> Problem | None:
    for name in PROXY_VARIABLES:
        url = environment.get(name, "")
        if url and not _is_url(url if "://" in url else f"http://{url}"):
            return unusable_problem(name, "it is not a URL with http or https")
    return None


def _check_certificates(environment: Mapping[str, str]) -> Problem | None:
    for name in CERTIFICATE_VARIABLES:
        if (file := environment.get(name)) and (why := _explain_bad_bundle(file)):
            return unusable_problem(name, f"{file} {why}")
    return None


def _explain_bad_bundle(file: str) -> str:
    if Path(file).is_dir():
        return ""
    import ssl

    try:
        ssl.create_default_context(cafile=file)
    except ssl.SSLError:
        return "holds no certificates"
    except OSError as error:
        return f"can't be read: {error.strerror}"
    return ""


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
