"""The Terraform adapter: one process a run, its arguments built by python-terraform, its `-json` output streamed.

`init/` skips or runs `terraform init`, `warm/` starts providers once, `plans/` converts saved plans, `scheduler/`
limits the processes at once, and `diagnostics/` explains failures.

Begin with `driver.py`: `TerraformDriver.plan`; then `launcher.py`: `Launcher`.
Out of scope: what is planned and when (`usecases/deployment/planning.py`), and root modules (`domain/release/`).
"""
