"""The embedded AWS for trials: moto behind a TLS proxy on loopback, reached through environment variables only.

Code rendered for AWS runs here unchanged. `patches/` closes gaps of moto: one file each, with a test that fails once
moto has closed it. `eks/` connects clusters of `kube-api-emulator` to moto's EKS.

Begin with `lifecycle.py`: `Sandbox.start`; then `environment.py`: `build_variables`.
Out of scope: AWS in full. `docs/untried.md` lists what this stands in for.
"""
