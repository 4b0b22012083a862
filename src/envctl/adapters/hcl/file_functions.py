"""Functions of Terraform that read files, and attributes with paths of files."""

FILE_FUNCTIONS = {
    "file": 1,
    "filebase64": 1,
    "filebase64sha256": 1,
    "filebase64sha512": 1,
    "fileexists": 1,
    "filemd5": 1,
    # The pattern may leave the folder.
    "fileset": 2,
    "filesha1": 1,
    "filesha256": 1,
    "filesha512": 1,
    "templatefile": 1,
}
"""Number of leading arguments forming the path to read."""

PATH_ATTRIBUTES = {
    ("data", "archive_file"): ("source_dir", "source_file"),
    ("resource", "archive_file"): ("source_dir", "source_file"),
    ("data", "external"): ("working_dir",),
    ("data", "local_file"): ("filename",),
    ("data", "local_sensitive_file"): ("filename",),
    ("data", "terraform_remote_state"): ("path",),
    ("resource", "aws_lambda_function"): ("filename",),
    ("resource", "aws_lambda_layer_version"): ("filename",),
    ("resource", "aws_s3_bucket_object"): ("source",),
    ("resource", "aws_s3_object"): ("source",),
    ("resource", "aws_synthetics_canary"): ("zip_file",),
    ("resource", "azurerm_storage_blob"): ("source",),
    ("resource", "google_storage_bucket_object"): ("source",),
    ("resource", "local_file"): ("source",),
    ("resource", "local_sensitive_file"): ("source",),
}
"""Attributes with the path of a file, by kind and type of block. Nested blocks and objects count too."""
