"""What every HTTP client of envctl shares: limits, proxies and attempts, and waits that Ctrl-C ends.

Begin with `client.py`: `HttpClient`. Out of scope: TLS with a cluster (`adapters/kubernetes/transport.py`), and boto3.
"""
