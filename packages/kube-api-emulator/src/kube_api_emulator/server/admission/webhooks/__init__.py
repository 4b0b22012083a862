"""Admission webhooks: a reader begins with `calls.py`. Those behind a Service are not called: no container runs here.

The lock of the store is released while a webhook is called: it may send requests to this server before it answers, as
operators do. A write whose object has changed meanwhile is decided again (`Cluster`).

Out of scope: reviews of scales, bindings, evictions, tokens and other objects that are not stored. A warning says it.
"""
