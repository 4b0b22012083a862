locals {
  # Commands of one build share a shell, and the first one that fails ends it: whatever envctl exits with fails the stage,
  # which nobody tries again but whoever presses the button.
  buildspec = yamlencode({
    version = 0.2
    env = {
      shell              = "bash"
      exported-variables = ["release"]
    }
    phases = {
      install = {
        runtime-versions = { python = "3.12" }
        commands         = ["command -v envctl > /dev/null || pip install --quiet '${var.envctl_package}'"]
      }
      build = {
        on-failure = "ABORT"
        commands = [
          "cd '${var.folder}'",
          <<-EOT
          case "$TASK" in
            apply) envctl apply "$ENVIRONMENT" --yes ;;
            promote) envctl promote "$BEFORE" "$ENVIRONMENT" --release "$RELEASE" --yes ;;
            drift) envctl drift "$ENVIRONMENT" ;;
            *) echo "no such task: $TASK"; false ;;
          esac
          EOT
          ,
          "release=$(sed -n 's/^release=//p' \"$ENVCTL_DOTENV\")",
          "export release",
        ]
      }
    }
  })
}
