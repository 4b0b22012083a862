"""One exchange of a token for credentials, as AWS answered it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Exchange:
    """A token that AWS gave credentials for. `arn` is the session that it gave, `key` the id of its access key.
    `subject`, `audience` and `provider` are what AWS says of the token, and empty where it says nothing. `date` is that
    of the answer.
    """

    token: str
    key: str
    arn: str
    subject: str = ""
    audience: str = ""
    provider: str = ""
    date: str = ""
