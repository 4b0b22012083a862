"""AWS on loopback, for trials: moto behind a proxy that ends TLS for the hosts of AWS, as a process of its own.

`patches/` closes gaps of moto against the AWS provider of Terraform: one file each, with a probe that fails once moto
has closed it. `eks/` connects clusters of `kube-api-emulator` to moto's EKS.

Begin with `server.py`: `main`; then `proxy.py`: `ProxyHandler.serve`.
Out of scope: who starts the server, and what leads a client to it (`envctl.adapters.sandbox`).
"""
