"""Which proxy leads where, and who it is told one is."""

import pytest

from envctl.adapters.http.proxies import find_proxy

BOTH = {"HTTPS_PROXY": "http://proxy.example:3128", "HTTP_PROXY": "http://other.example:8080"}
WAYS: dict[str, tuple[str, dict[str, str], str]] = {
    "none is named": ("https://api.example.com/x", {}, ""),
    "the one for https": ("https://api.example.com/x", BOTH, "http://proxy.example:3128"),
    "the one for http": ("http://api.example.com/x", BOTH, "http://other.example:8080"),
    "small letters count first": (
        "https://api.example.com",
        BOTH | {"https_proxy": "http://small.example"},
        "http://small.example",
    ),
    "an empty one is none": ("https://api.example.com", {"https_proxy": "", "HTTPS_PROXY": ""}, ""),
    "this machine is reached directly": ("https://127.0.0.1:8443/x", BOTH, ""),
    "and by its name": ("http://localhost:8080/x", BOTH, ""),
    "a name that only begins like it is not": ("https://localhost.example", BOTH, "http://proxy.example:3128"),
    "a host that is excepted": ("https://api.example.com", BOTH | {"NO_PROXY": "a.example, api.example.com"}, ""),
    "a domain that is excepted": ("https://api.example.com", BOTH | {"NO_PROXY": "example.com"}, ""),
    "a domain with a dot": ("https://api.example.com", BOTH | {"no_proxy": ".example.com"}, ""),
    "a port that is excepted": ("https://api.example.com:8443", BOTH | {"NO_PROXY": "api.example.com:8443"}, ""),
    "another port is not": (
        "https://api.example.com:8444",
        BOTH | {"NO_PROXY": "api.example.com:8443"},
        "http://proxy.example:3128",
    ),
    "the end of a name is no domain": (
        "https://api.myexample.com",
        BOTH | {"NO_PROXY": "example.com"},
        "http://proxy.example:3128",
    ),
    "all are excepted": ("https://api.example.com", BOTH | {"NO_PROXY": "*"}, ""),
    "a host in capital letters": ("https://API.example.com", BOTH | {"NO_PROXY": "api.example.com"}, ""),
    "capital letters mean the same": ("https://api.example.com", BOTH | {"NO_PROXY": "API.Example.COM"}, ""),
}


@pytest.mark.parametrize(("url", "environ", "leads"), WAYS.values(), ids=WAYS)
def test_proxy_is_chosen_by_environment(url: str, environ: dict[str, str], leads: str) -> None:
    way = find_proxy(url, environ)
    assert (way.url if way else "") == leads


def test_proxy_login_is_sent_and_never_shown() -> None:
    way = find_proxy("https://api.example.com", {"HTTPS_PROXY": "http://ann:p%40ss@proxy.example:3128"})
    assert way is not None
    assert way.headers == {"proxy-authorization": "Basic YW5uOnBAc3M="}
    assert repr(way) == "Proxy()"


def test_proxy_without_login_gets_no_header() -> None:
    way = find_proxy("https://api.example.com", BOTH)
    assert way is not None
    assert way.headers == {}
