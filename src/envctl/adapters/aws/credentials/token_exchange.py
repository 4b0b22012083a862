"""An exchange of a token for credentials, as answered by AWS."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TokenExchange:
    """A token AWS gave credentials for."""

    token: str
    key: str  # id of the access key
    arn: str  # of the session
    # Claims of the token as AWS states them; empty if it does not.
    subject: str = ""
    audience: str = ""
    provider: str = ""
    date: str = ""  # of the response
