locals {
  # What one build exports: the release that it made, the fingerprint of the plan that it shows, and where its log is.
  exported = ["release", "plan", "link"]

  # Only images of AWS CodeBuild choose the version of Python.
  install = merge(
    # The script and its lock files are those of the commit: `envctl ci codebuild` writes them. No other envctl counts.
    { commands = ["sh '${var.folder}/.codebuild/envctl/install.sh' /tmp/envctl"] },
    { for name, version in { runtime-versions = { python = "3.12" } } : name => version if startswith(var.image, "aws/codebuild/") },
  )

  # Commands of one build share a shell, and the first one that fails ends it: the exit code of envctl fails the stage, and
  # the stage is tried again only by hand.
  buildspec = yamlencode({
    version = 0.2
    env = {
      shell              = "bash"
      exported-variables = local.exported
    }
    phases = {
      install = local.install
      build = {
        on-failure = "ABORT"
        commands = [
          "cd '${var.folder}'",
          <<-EOT
          envctl=/tmp/envctl/bin/envctl
          # A warm provider holds the credentials of prod behind a socket, which programs of the tree could use.
          test "$ENVIRONMENT" != '${var.environments[length(var.environments) - 1].name}' || envctl="$envctl --no-warm"
          case "$TASK" in
            apply) $envctl apply "$ENVIRONMENT" --yes ;;
            plan) $envctl why "$ENVIRONMENT" --plan --release "$RELEASE" ;;
            promote) $envctl promote "$BEFORE" "$ENVIRONMENT" --release "$RELEASE" --yes ;;
            drift) $envctl drift "$ENVIRONMENT" ;;
            *) echo "no such task: $TASK"; false ;;
          esac
          EOT
          ,
          "release=$(sed -n 's/^release=//p' \"$ENVCTL_DOTENV\")",
          "plan=$(sed -n 's/^plan=//p' \"$ENVCTL_DOTENV\")",
          "link=$CODEBUILD_BUILD_URL",
          "export release plan link",
        ]
      }
    }
  })
}
