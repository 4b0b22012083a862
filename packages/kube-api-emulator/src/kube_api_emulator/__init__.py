"""A Kubernetes API server on loopback, and the types of Kubernetes' own kinds.

`schemas` holds the types of several Kubernetes versions, and checks objects against them. It needs no other package.
`server` is the API server with its small controllers. `local_cluster` starts one in tests, and `python -m` a process.
"""

__version__ = "1.0.0"
