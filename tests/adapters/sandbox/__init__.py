"""The sandbox of a project. What its server answers is tested in packages/aws-api-emulator."""
