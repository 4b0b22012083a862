"""Apply, promote, roll back, destroy and verify an environment, in shared stages.

A deployment is a pipeline of stages, whose order mypy proves: `--dry-run` describes the very list that a real run
executes. `stages/` has the stages up to the apply, `progress.py` the knowledge after each of them. `rollout/` shifts
traffic in steps, `leaving/` ends stacks and moves states, `recovery/` closes an interrupted deployment.

Begin with `promote.py`: `promote`; then `pipeline.py`: `build_release_pipeline`, whose list shows the order.
Out of scope: the reasons to refuse (`domain/guards/`), and Terraform itself (`usecases/ports/terraform.py`).
"""
