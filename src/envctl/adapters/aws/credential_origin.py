"""What is known of one's own credentials: how they came, of which token, who took the role, and who answered."""

from collections.abc import Callable
from typing import Any

from envctl.adapters.aws.exchange_listener import Exchanges, is_of_aws, is_same_place
from envctl.adapters.aws.identity import Standing
from envctl.domain.aws.access import Caller

WEB_IDENTITY, ROLE = "assume-role-with-web-identity", "assume-role"
"""How boto3 calls these ways to credentials."""


def find_standing(
    session: Any,  # noqa: ANN401 (boto3's own)
    caller: Caller,
    heard: Exchanges,
    store_url: str,
    ask_caller: Callable[[Any], str],
) -> Standing:
    """`heard` has listened to the session since it was opened. `store_url` is where the store is reached that AWS's own
    variables send elsewhere; who answers there may vouch for callers, too. `ask_caller` asks STS whose credentials
    these are.
    """
    credentials = session.get_credentials()
    exchange = None
    if credentials.method == WEB_IDENTITY:
        exchange = heard.find(credentials.get_frozen_credentials().access_key)
    origin = ask_caller(heard.source) if credentials.method == ROLE and heard.source is not None else ""
    return Standing(caller, credentials.method, exchange, origin, _doubt(heard, store_url))


def _doubt(heard: Exchanges, store_url: str) -> str:
    for url in heard.list_addresses():
        if not is_of_aws(url) and not is_same_place(url, store_url):
            return f"{url} answered who you are: that is no address of AWS, and not where the store is"
    return ""
