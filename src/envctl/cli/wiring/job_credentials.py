"""The credentials of a CI job: its ID token in a private file, renewed for as long as the command works."""

import os
import threading
from collections.abc import Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING

from envctl.cli.output.redaction import current_redaction
from envctl.domain.ci.job_role import (
    GITLAB_TOKEN_VARIABLE,
    ROLE_VARIABLE,
    TOKEN_FILE_VARIABLE,
    check_job_role,
    describe_run,
    drop_empty_variables,
    select_token_source,
)

if TYPE_CHECKING:
    from envctl.adapters.local.token_file import TokenFile
    from envctl.domain.ci.job import Job

SESSION_VARIABLE = "AWS_ROLE_SESSION_NAME"


class JobCredentials:
    """Changes the environment of this process: boto3 and Terraform read it. `read_job` describes the job."""

    def __init__(self, read_job: "Callable[[], Job]", environ: MutableMapping[str, str] = os.environ) -> None:
        self._read_job = read_job
        self._environ = environ
        self._file: TokenFile | None = None
        self._is_placed = False
        # As the job gave it: `place_token` changes it.
        self._given: Mapping[str, str] = environ
        self._lock = threading.Lock()

    @property
    def is_renewed(self) -> bool:
        """Tell if envctl renews the token itself."""
        return self._file is not None and self._file.is_renewing

    @property
    def is_own(self) -> bool:
        """Tell if the token file is one of envctl, which ends with the command."""
        return self._file is not None

    def require_role(self) -> None:
        """Prepare the environment for a command that uses AWS. Raises EnvctlError if the job gets no role."""
        if error := check_job_role(self._given, self._read_job()):
            raise error
        self.place_token()

    def place_token(self) -> None:
        """Write the token file once, if the job needs one."""
        with self._lock:
            if self._is_placed:
                return
            self._given = dict(self._environ)
            self._name_session()
            if source := select_token_source(self._environ):
                self._file = self._open_github_file() if source == "github" else self._open_gitlab_file()
                self._environ[TOKEN_FILE_VARIABLE] = os.fspath(self._file.path)
            for name in self._environ.keys() - drop_empty_variables(self._environ).keys():
                del self._environ[name]
            self._is_placed = True

    def request_token(self) -> str:
        """Return a token of the job, to show its claims; empty if the forge gives none. Raises EnvctlError."""
        from envctl.adapters.forge.id_token import GithubIdTokens, can_request_tokens
        from envctl.domain.ci.id_token import AUDIENCE

        if can_request_tokens(self._environ):
            return GithubIdTokens(dict(self._environ), _redact).request_token(AUDIENCE)
        return self._environ.get(GITLAB_TOKEN_VARIABLE, "").strip()

    def remove_own(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return the variables without the role and the file that end with this command."""
        own = (ROLE_VARIABLE, SESSION_VARIABLE, TOKEN_FILE_VARIABLE) if self.is_own else ()
        return {name: value for name, value in variables.items() if name not in own}

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._environ.pop(TOKEN_FILE_VARIABLE, None)

    def _name_session(self) -> None:
        """Name the session of the job's own role after the run: CloudTrail shows it, and in each later hop."""
        run = describe_run(self._environ)
        if not run or not self._environ.get(ROLE_VARIABLE) or self._environ.get("AWS_ACCESS_KEY_ID"):
            return
        from envctl.adapters.forge.job import read_start
        from envctl.domain.aws.access import format_session_name
        from envctl.domain.ledger.events import Actor

        person = self._environ.get("GITLAB_USER_EMAIL") or self._environ.get("GITHUB_ACTOR", "")
        actor = Actor("" if read_start(self._environ).schedule else person)
        self._environ.setdefault(SESSION_VARIABLE, format_session_name(actor, run))

    def _open_github_file(self) -> "TokenFile":
        from envctl.adapters.forge.id_token import GithubIdTokens
        from envctl.adapters.local.token_file import TokenFile
        from envctl.domain.ci.id_token import AUDIENCE

        tokens = GithubIdTokens(dict(self._environ), _redact)
        file = TokenFile(lambda: tokens.request_token(AUDIENCE), self._environ.get("RUNNER_TEMP", ""))
        file.create()
        return file

    def _open_gitlab_file(self) -> "TokenFile":
        from envctl.adapters.local.token_file import TokenFile

        token = self._environ[GITLAB_TOKEN_VARIABLE].strip()
        _redact(token)
        file = TokenFile(lambda: token, renewing=False)
        file.create()
        return file


def _redact(token: str) -> None:
    current_redaction().known_secrets.learn_parts([token])
