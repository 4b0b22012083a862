"""The sandbox of a project: an AWS on loopback for trials, reached through environment variables only.

Code rendered for AWS runs here unchanged. The package `aws_api_emulator` answers, in a process of its own: both sides
share the arguments of that process, `state.json`, a lock, and two control calls.

Begin with `lifecycle.py`: `Sandbox.start`; then `environment.py`: `build_variables`.
Out of scope: what is answered (`packages/aws-api-emulator/`). `docs/untried.md` lists what this stands in for.
"""
