"""Resource types with data, or required to reach others: a protected environment keeps them.

A type belongs here if its replacement would come back empty, under another name, or not at all. A project adds its own
in `[protection]`.
"""

# fmt: off
STATEFUL = frozenset(
    {
        # databases and caches
        "aws_athena_database", "aws_cloudfront_key_value_store", "aws_cloudsearch_domain", "aws_dax_cluster",
        "aws_db_cluster_snapshot", "aws_db_instance", "aws_db_snapshot", "aws_db_snapshot_copy", "aws_docdb_cluster",
        "aws_docdb_cluster_instance", "aws_docdb_cluster_snapshot", "aws_docdb_global_cluster",
        "aws_docdbelastic_cluster", "aws_dsql_cluster", "aws_dynamodb_global_table", "aws_dynamodb_table",
        "aws_dynamodb_table_replica", "aws_elasticache_cluster", "aws_elasticache_global_replication_group",
        "aws_elasticache_replication_group", "aws_elasticache_serverless_cache", "aws_elasticsearch_domain",
        "aws_finspace_kx_database", "aws_kendra_index", "aws_keyspaces_keyspace", "aws_keyspaces_table",
        "aws_memorydb_cluster", "aws_memorydb_multi_region_cluster", "aws_memorydb_snapshot", "aws_neptune_cluster",
        "aws_neptune_cluster_instance", "aws_neptune_cluster_snapshot", "aws_neptune_global_cluster",
        "aws_neptunegraph_graph", "aws_opensearch_domain", "aws_opensearchserverless_collection", "aws_qldb_ledger",
        "aws_rds_cluster", "aws_rds_cluster_instance", "aws_rds_cluster_snapshot_copy", "aws_rds_global_cluster",
        "aws_redshift_cluster", "aws_redshift_cluster_snapshot", "aws_redshiftserverless_namespace",
        "aws_redshiftserverless_snapshot", "aws_simpledb_domain", "aws_timestreaminfluxdb_db_cluster",
        "aws_timestreaminfluxdb_db_instance", "aws_timestreamwrite_database", "aws_timestreamwrite_table",
        # buckets, files, disks and backups
        "aws_backup_logically_air_gapped_vault", "aws_backup_vault",
        # A CloudFormation stack may contain anything: in the platform's modules a locked vault and a cluster.
        "aws_cloudformation_stack", "aws_codeartifact_domain", "aws_codeartifact_repository", "aws_ebs_snapshot",
        "aws_ebs_snapshot_copy", "aws_ebs_snapshot_import", "aws_ebs_volume", "aws_ecr_repository",
        "aws_ecrpublic_repository", "aws_efs_file_system", "aws_finspace_kx_volume", "aws_fsx_backup",
        "aws_fsx_file_cache", "aws_fsx_lustre_file_system", "aws_fsx_ontap_file_system", "aws_fsx_ontap_volume",
        "aws_fsx_openzfs_file_system", "aws_fsx_openzfs_snapshot", "aws_fsx_openzfs_volume",
        "aws_fsx_windows_file_system", "aws_glacier_vault", "aws_lightsail_bucket", "aws_lightsail_database",
        "aws_lightsail_disk", "aws_media_store_container", "aws_s3_bucket", "aws_s3_directory_bucket",
        "aws_s3control_bucket", "aws_s3tables_table", "aws_s3tables_table_bucket", "aws_s3vectors_index",
        "aws_s3vectors_vector_bucket", "aws_storagegateway_cached_iscsi_volume", "aws_storagegateway_gateway",
        "aws_storagegateway_stored_iscsi_volume",
        # keys, secrets and identities
        "aws_acmpca_certificate_authority", "aws_cloudhsm_v2_cluster", "aws_cognito_identity_pool",
        "aws_cognito_user_pool", "aws_kms_custom_key_store", "aws_kms_external_key", "aws_kms_key",
        "aws_kms_replica_external_key", "aws_kms_replica_key", "aws_organizations_account",
        "aws_organizations_organization", "aws_paymentcryptography_key", "aws_rekognition_collection",
        "aws_secretsmanager_secret",
        # clusters and queues
        "aws_ecs_cluster", "aws_eks_cluster", "aws_emr_cluster", "aws_finspace_kx_cluster",
        "aws_kinesis_firehose_delivery_stream", "aws_kinesis_stream", "aws_kinesis_video_stream", "aws_mq_broker",
        "aws_msk_cluster", "aws_msk_serverless_cluster", "aws_mwaa_environment", "aws_sns_topic", "aws_sqs_queue",
        # public names and addresses
        "aws_directory_service_directory", "aws_eip", "aws_route53_zone", "aws_route53domains_domain",
        "aws_route53domains_registered_domain", "aws_vpc",
        # logs, code and other records
        "aws_cloudtrail", "aws_cloudtrail_event_data_store", "aws_cloudwatch_event_archive", "aws_cloudwatch_log_group",
        "aws_cloudwatch_log_stream", "aws_codecatalyst_source_repository", "aws_codecommit_repository",
        "aws_connect_instance", "aws_customerprofiles_domain", "aws_datazone_domain", "aws_detective_graph",
        "aws_glue_catalog_database", "aws_glue_catalog_table", "aws_grafana_workspace", "aws_prometheus_workspace",
        "aws_sagemaker_domain", "aws_sagemaker_feature_group", "aws_sagemaker_notebook_instance",
        "aws_securitylake_data_lake", "aws_transfer_server", "aws_workspaces_directory", "aws_workspaces_workspace",
        # Kubernetes: volumes, and what takes objects with it
        "CustomResourceDefinition.apiextensions.k8s.io", "Namespace", "PersistentVolume", "PersistentVolumeClaim",
        "StatefulSet.apps",
    }
)
# fmt: on
