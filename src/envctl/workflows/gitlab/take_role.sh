# No variable of the project decides which credentials count: keys would win over the role.
take_role() {
  if test -z "$1"; then
    echo "$2 is not set. It names the role in AWS for this job: Settings, CI/CD, Variables (docs/ci-gitlab.md)." >&2
    exit 78
  fi
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE
  (umask 077 && printf '%s' "$ENVCTL_AWS_TOKEN" > "$envctl_home/token")
  unset ENVCTL_AWS_TOKEN
  export AWS_REGION=%{region} AWS_ROLE_ARN="$1" AWS_WEB_IDENTITY_TOKEN_FILE="$envctl_home/token"
  # The session name is the name in CloudTrail. STS limits its characters and its length.
  AWS_ROLE_SESSION_NAME=$(printf '%s' "${GITLAB_USER_EMAIL:-gitlab}" | tr -c 'A-Za-z0-9+=,.@_-' - | cut -c 1-64)
  export AWS_ROLE_SESSION_NAME
}
