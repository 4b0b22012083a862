"""What is wrong with the AWS configuration of this machine, said of an exception that botocore raised because of it."""

import os
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from envctl.adapters.aws.error_meanings import SETTINGS, VERDICTS, Verdict
from envctl.domain.aws.access import PROFILE_FILES
from envctl.domain.errors import Problem

ENDPOINTS = "AWS_ENDPOINT_URL"
BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_LIST = "aws configure list-profiles"
_SHOW = "aws configure list"


class Place(Enum):
    """The part of botocore that an exception came out of."""

    PROGRAM = auto()
    CODE = auto()
    TOKEN = auto()
    WEB_IDENTITY = auto()
    CONTAINER = auto()
    EXPIRY = auto()
    ELSEWHERE = auto()


_PLACES = (
    ("ask_code", Place.CODE),
    ("ProcessProvider.", Place.PROGRAM),
    ("FileWebIdentityTokenLoader.", Place.TOKEN),
    ("AssumeRoleWithWebIdentity", Place.WEB_IDENTITY),
    ("ContainerProvider.", Place.CONTAINER),
    ("EnvProvider.", Place.EXPIRY),
)


def verdict_on(error: BaseException) -> Verdict | None:
    """What an exception of botocore or boto3 is about. None for any other."""
    return next((VERDICTS[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in VERDICTS), None)


def find_misconfiguration(error: Exception, environment: Mapping[str, str] = os.environ) -> Problem | None:
    """The variable, or the file, that has to be corrected, and how. None where the configuration is not to blame: AWS
    said no, can't be reached, or knows nobody.
    """
    place, verdict = _place(error), verdict_on(error)
    if place in {Place.PROGRAM, Place.CODE, Place.TOKEN, Place.WEB_IDENTITY} and (found := _of_place(place, error)):
        return found
    match verdict:
        case Verdict.PROFILE:
            return _unknown_profile(error, environment)
        case Verdict.FILE:
            return _unreadable_file(error)
        case Verdict.SETTING:
            return _setting(error, environment)
        case Verdict.CREDENTIALS:
            return _incomplete(error, environment)
        case Verdict.INSTALLATION:
            hint = "use another profile: AWS_PROFILE=NAME, or install what is missing beside envctl"
            return Problem("E493", f"the AWS profile can't be used here: {reason(error)}", hint)
        case Verdict.NETWORK:
            return _bundle(environment) or _proxy(environment)
        case Verdict.SIGN_IN | Verdict.SERVICE | Verdict.CALL:
            return None
        case None:
            return _raw(error, place, environment)


def reason(error: Exception) -> str:
    """The first line of what botocore says, in one line; the whole of it where the first line says nothing."""
    first, _, rest = str(error).strip().partition("\n")
    text = f"{first} {rest}" if first.endswith(":") else first
    return " ".join(text.split()).rstrip(".")


def _place(error: BaseException) -> Place:
    names = [name for each in _chain(error) for name in _functions(each.__traceback__)]
    return next((place for part, place in _PLACES if any(part in name for name in names)), Place.ELSEWHERE)


def _chain(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__ or each.__context__


def _functions(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_qualname
        traceback = traceback.tb_next


def _of_place(place: Place, error: Exception) -> Problem | None:
    match place:
        case Place.CODE:
            message = "the AWS profile asks for a code (mfa_serial), and there is no terminal to type it on"
            return Problem("E494", message, "take credentials that need no code, or run this on a terminal")
        case Place.PROGRAM:
            hint = "run that program by itself, and correct credential_process in the AWS profile"
            return Problem(
                "E494", f"credential_process of the AWS profile gives no credentials: {_of_program(error)}", hint
            )
        case Place.TOKEN:
            said = getattr(error, "strerror", "") or "it is no text"
            return _token(f"can't be read: {said}")
        case Place.WEB_IDENTITY if "WebIdentityToken" in str(error):
            return _token("holds no token")
        case Place.WEB_IDENTITY if "RoleArn" in str(error) or "role ARN" in str(error):
            message = "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN (or role_arn of the profile) is no role"
            return Problem("E493", message, "set AWS_ROLE_ARN to the ARN of the role, or unset both")
        case _:
            return None


def _of_program(error: Exception) -> str:
    """Without what the program printed as its answer: that may be a key."""
    match error:
        case FileNotFoundError() | PermissionError():
            return f"{error.filename}: {error.strerror}"
        case IndexError():
            return "it names no program"
        case _ if type(error).__name__ == "TimeoutExpired":
            return f"no answer in {getattr(error, 'timeout', 0):g} s"
        case ValueError() if "quotation" in str(error) or "escape" in str(error):
            return f"its quotes do not fit ({reason(error)})"
        case _ if verdict_on(error) is not None:
            return reason(error)
        case _:
            return "what it prints is no answer of a credential process"


def _token(what: str) -> Problem:
    file = os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE") or "web_identity_token_file of the AWS profile"
    hint = "correct AWS_WEB_IDENTITY_TOKEN_FILE, or unset it: in a job, its token may have to be asked for first"
    return Problem("E495", f"the token file {file} {what}", hint)


def _unknown_profile(error: Exception, environment: Mapping[str, str]) -> Problem:
    profile = str(getattr(error, "kwargs", {}).get("profile", ""))
    names = [name for name in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE") if environment.get(name) == profile]
    named = names[0] if names else "envctl"
    config, credentials = (environment.get(name, usual) for name, usual in PROFILE_FILES.items())
    message = f"{named} asks for the AWS profile {profile}, and neither {config} nor {credentials} has it"
    correct = f"correct {named}, or unset it" if names else "correct the name of the profile"
    return Problem("E490", message, f"{correct}; {_LIST} shows what there is")


def _unreadable_file(error: Exception) -> Problem:
    path = getattr(error, "kwargs", {}).get("path", "the AWS configuration")
    lines = [line for each in _chain(error) if (line := _line(each))]
    where = f"{path}:{lines[0]}" if lines else str(path)
    return Problem("E491", f"the AWS configuration {where} can't be read", f"correct that file; {_SHOW} tries it")


def _line(error: BaseException) -> int | None:
    lines = getattr(error, "errors", None)
    found = lines[0][0] if isinstance(lines, list) and lines else getattr(error, "lineno", None)
    return found if isinstance(found, int) else None


def _setting(error: Exception, environment: Mapping[str, str]) -> Problem:
    region = getattr(error, "kwargs", {}).get("region_name")
    if region and region != environment.get("AWS_DEFAULT_REGION"):
        return Problem("E492", f"the region {region} can't be used: {reason(error)}", "correct region in envctl.toml")
    return unusable(_where(SETTINGS.get(type(error).__name__, ()), str(error), environment), reason(error))


def unusable(where: str, why: str) -> Problem:
    return Problem("E492", f"{where} can't be used: {why}", f"correct it, or leave it out; {_SHOW} shows what counts")


def _where(names: tuple[str, ...], text: str, environment: Mapping[str, str]) -> str:
    """Which of the settings it is, as a person finds it: its variable where that is set, else its file."""
    known = _variables()
    about = names or tuple(name for name in known if name in text)
    for name in about:
        for variable in known.get(name, ("", ()))[1]:
            if environment.get(variable):
                return variable
    if not about:
        return "the AWS configuration"
    return f"{known.get(about[0], ('', ()))[0] or about[0]} in {_config_file(environment)}"


def _config_file(environment: Mapping[str, str]) -> str:
    return environment.get("AWS_CONFIG_FILE", PROFILE_FILES["AWS_CONFIG_FILE"])


def _variables() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Of each setting that boto3 reads: its name in the configuration file, and its variables."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as SESSION

    found = {}
    for name, (key, variables, *_) in SESSION.items():
        several = (variables,) if isinstance(variables, str) else tuple(variables or ())
        found[name] = (key or "", several)
    return found


def _incomplete(error: Exception, environment: Mapping[str, str]) -> Problem:
    text = reason(error)
    if name := next((name for name in _variables() if name in text and name not in {"profile", "region"}), ""):
        return unusable(_where((name,), text, environment), text)
    if "found in env" in text:
        message = f"the AWS keys in the environment are incomplete: {text}"
        return Problem("E493", message, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or unset both")
    profile = environment.get("AWS_DEFAULT_PROFILE") or environment.get("AWS_PROFILE") or "default"
    config, credentials = (environment.get(name, usual) for name, usual in PROFILE_FILES.items())
    message = f"the AWS profile leads to no credentials: {text}"
    return Problem("E493", message, f"correct the profile {profile} in {config} or {credentials}; {_SHOW} tries it")


def _raw(error: Exception, place: Place, environment: Mapping[str, str]) -> Problem | None:
    """Of an exception that is no class of botocore's: it does not check all that it reads."""
    if place is Place.CONTAINER:
        name = "AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or their token"
        return unusable(name, reason(error) if isinstance(error, ValueError) else "the token file can't be read")
    if place is Place.EXPIRY:
        return unusable("AWS_CREDENTIAL_EXPIRATION", "it is no time")
    if isinstance(error, RuntimeError):
        # Credentials that are over: nothing is wrong with how they are named.
        return None
    for find in (_number, _endpoint, _bundle, _proxy):
        if found := find(environment):
            return found
    names = sorted(name for name in environment if name.startswith("AWS_"))
    return unusable(", ".join([*names, _config_file(environment)]), f"{type(error).__name__} in AWS's own library")


def _number(environment: Mapping[str, str]) -> Problem | None:
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as SESSION

    for _, variables, _, convert in SESSION.values():
        for name in (variables,) if isinstance(variables, str) else variables or ():
            if convert is int and not _fits(int, environment.get(name, "0")):
                return unusable(name, f"{environment[name]!r} is no whole number")
    return None


def _endpoint(environment: Mapping[str, str]) -> Problem | None:
    for name, url in environment.items():
        if name.startswith(ENDPOINTS) and not _is_url(url):
            return unusable(name, "it is no URL of http or https")
    return None


def _proxy(environment: Mapping[str, str]) -> Problem | None:
    for name in PROXIES:
        url = environment.get(name, "")
        if url and not _is_url(url if "://" in url else f"http://{url}"):
            return unusable(name, "it is no URL of http or https")
    return None


def _bundle(environment: Mapping[str, str]) -> Problem | None:
    for name in BUNDLES:
        if (file := environment.get(name)) and (why := _no_certificates(file)):
            return unusable(name, f"{file} {why}")
    return None


def _no_certificates(file: str) -> str:
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


def _fits(convert: Callable[[str], object], value: str) -> bool:
    try:
        convert(value)
    except ValueError:
        return False
    return True
