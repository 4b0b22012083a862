locals {
  # Amazon ECR wants a login, and the role the right to read this one repository. Null for any other registry.
  ecr      = try(regex("^(?P<account>[0-9]{12})\\.dkr\\.ecr\\.(?P<region>[a-z0-9-]+)\\.amazonaws\\.com(?P<suffix>\\.cn)?/(?P<repository>[^@]+)@", var.image), null)
  ecr_host = split("/", var.image)[0]

  docker_run = join(" ", [
    "/usr/bin/docker run --rm --name app",
    "--publish ${var.app_port}:${var.app_port}",
    "--env-file /etc/app.env",
    "--cap-drop ALL --security-opt no-new-privileges",
    "--log-driver awslogs --log-opt awslogs-group=${aws_cloudwatch_log_group.this.name}",
    var.image,
  ])

  unit = <<-UNIT
    [Unit]
    Description=${local.full_name}
    Requires=docker.service
    After=docker.service network-online.target
    Wants=network-online.target

    [Service]
    ExecStartPre=-/usr/bin/docker rm --force app
    ExecStartPre=/usr/bin/docker pull --quiet ${var.image}
    ExecStart=${local.docker_run}
    ExecStop=/usr/bin/docker stop app
    Restart=always
    RestartSec=5
    TimeoutStartSec=600

    [Install]
    WantedBy=multi-user.target
  UNIT

  files = concat(
    [
      { path = "/etc/systemd/system/app.service", permissions = "0644", content = local.unit },
      { path = "/etc/app.env", permissions = "0600", content = join("", [for key, value in var.app_environment : "${key}=${value}\n"]) },
    ],
    local.ecr == null ? [] : [
      { path = "/root/.docker/config.json", permissions = "0600", content = jsonencode({ credHelpers = { (local.ecr_host) = "ecr-login" } }) },
    ],
  )

  # JSON is YAML, and quotes itself: no value can break out of its place.
  user_data = "#cloud-config\n${jsonencode({
    packages    = concat(["docker"], local.ecr == null ? [] : ["amazon-ecr-credential-helper"])
    write_files = local.files
    runcmd      = [["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", "docker.service", "app.service"]]
  })}\n"
}
