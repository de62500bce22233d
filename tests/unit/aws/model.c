/* The compiled API models, read through their accessors: facts checked against AWS's API reference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "aws/aws.h"
#include "codec/codec.h"

#define assert_view(actual, literal)                                                               \
    do {                                                                                           \
        struct gw_view got_ = (actual);                                                            \
        assert_int_equal(got_.len, strlen(literal));                                               \
        assert_memory_equal(got_.data ? got_.data : "", literal, got_.len);                        \
    } while (0)

static const struct gw_service *service(const char *name)
{
    const struct gw_service *found = gw_models_find(gw_models_builtin(), gw_view_of(name));
    assert_non_null(found);
    return found;
}

static const struct gw_operation *operation(const char *service_name, const char *name)
{
    const struct gw_operation *op =
        gw_service_find_operation(service(service_name), gw_view_of(name));
    assert_non_null(op);
    return op;
}

static const struct gw_member *input_member(const char *service_name, const char *op,
                                            const char *member)
{
    const struct gw_shape *input = gw_operation_input(operation(service_name, op));
    const struct gw_member *found = gw_shape_find_member(input, gw_view_of(member));
    assert_non_null(found);
    return found;
}

static const struct gw_shape *output_member(const char *service_name, const char *op,
                                            const char *member)
{
    const struct gw_shape *output = gw_operation_output(operation(service_name, op));
    const struct gw_member *found = gw_shape_find_member(output, gw_view_of(member));
    assert_non_null(found);
    return gw_member_shape(found);
}

/* ---- the table ------------------------------------------------------------------------------ */

static void services_are_sorted_and_found_by_name(void **state)
{
    (void)state;
    const struct gw_models *models = gw_models_builtin();
    assert_int_equal(gw_models_count(models), 88);
    for (size_t i = 0; i < gw_models_count(models); i++) {
        const struct gw_service *at = gw_models_service(models, i);
        assert_ptr_equal(gw_models_find(models, gw_service_name(at)), at);
        if (i > 0) {
            const struct gw_service *before = gw_models_service(models, i - 1);
            assert_true(gw_view_compare(gw_service_name(before), gw_service_name(at)) < 0);
        }
    }
    assert_null(gw_models_find(models, GW_VIEW("ECS")));
    assert_null(gw_models_find(models, GW_VIEW("")));
}

static void a_foreign_or_damaged_table_is_refused(void **state)
{
    (void)state;
    _Alignas(8) char table[32] = "gwmodels\4\0\0\0\40\0\0\0\0\0\0\0\0\0\0\0\40";
    struct gw_err err = {0};
    assert_non_null(gw_models_open((struct gw_view){table, sizeof table}, &err));

    assert_null(gw_models_open((struct gw_view){table, 31}, &err));
    assert_string_equal(err.message, "models: not a table of API models");
    table[8] = 9;
    assert_null(gw_models_open((struct gw_view){table, sizeof table}, &err));
    assert_string_equal(err.message, "models: table has version 9, this program reads version 4");
    table[8] = 4;
    table[12] = 33;
    assert_null(gw_models_open((struct gw_view){table, sizeof table}, &err));
    assert_string_equal(err.message, "models: table says it has 33 bytes, but 32 came");
    table[0] = 'x';
    assert_null(gw_models_open((struct gw_view){table, sizeof table}, &err));
    assert_string_equal(err.message, "models: not a table of API models");
}

static void services_of_one_signing_name_come_one_by_one(void **state)
{
    (void)state;
    const struct gw_models *models = gw_models_builtin();
    const struct gw_service *first =
        gw_models_next_signing_name(models, GW_VIEW("monitoring"), NULL);
    assert_ptr_equal(first, service("cloudwatch"));
    assert_null(gw_models_next_signing_name(models, GW_VIEW("monitoring"), first));
    assert_null(gw_models_next_signing_name(models, GW_VIEW("cloudwatch"), NULL));
}

/* ---- services ------------------------------------------------------------------------------- */

static void a_service_has_its_names(void **state)
{
    (void)state;
    const struct gw_service *elbv2 = service("elbv2");
    assert_view(gw_service_id(elbv2), "Elastic Load Balancing v2");
    assert_view(gw_service_signing_name(elbv2), "elasticloadbalancing");
    assert_view(gw_service_iam_prefix(elbv2), "elasticloadbalancing");
    assert_view(gw_service_endpoint_prefix(elbv2), "elasticloadbalancing");
    assert_view(gw_service_api_version(elbv2), "2015-12-01");
    assert_view(gw_service_target_prefix(elbv2), "");
    assert_view(gw_service_xml_namespace(elbv2),
                "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/");

    const struct gw_service *ecs = service("ecs");
    assert_view(gw_service_target_prefix(ecs), "AmazonEC2ContainerServiceV20141113");
    assert_view(gw_service_json_version(ecs), "1.1");
    assert_view(gw_service_xml_namespace(ecs), "");
}

static void a_service_speaks_the_first_protocol_that_the_client_prefers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum gw_protocol protocol;
        bool query_compatible;
    } rows[] = {
        {"ecs", GW_PROTOCOL_JSON, false},         {"cloudwatch", GW_PROTOCOL_JSON, true},
        {"sqs", GW_PROTOCOL_JSON, true},          {"iam", GW_PROTOCOL_QUERY, false},
        {"ec2", GW_PROTOCOL_EC2, false},          {"lambda", GW_PROTOCOL_REST_JSON, false},
        {"route53", GW_PROTOCOL_REST_XML, false}, {"s3", GW_PROTOCOL_REST_XML, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(gw_service_protocol(service(rows[i].name)), rows[i].protocol);
        assert_int_equal(gw_service_query_compatible(service(rows[i].name)),
                         rows[i].query_compatible);
    }
}

static void iam_actions_have_the_prefix_that_iam_knows(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"cloudwatch", "cloudwatch"},
        {"logs", "logs"},
        {"stepfunctions", "states"},
        {"resourcegroupstaggingapi", "tag"},
        {"sso-oidc", "sso-oauth"},
        {"application-autoscaling", "application-autoscaling"},
        {"ecr", "ecr"},
        {"ce", "ce"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_view(gw_service_iam_prefix(service(rows[i][0])), rows[i][1]);
    }
}

static void endpoint_rules_are_json(void **state)
{
    (void)state;
    const struct gw_models *models = gw_models_builtin();
    struct gw_arena *arena = gw_arena_new();
    for (size_t i = 0; i < gw_models_count(models); i++) {
        struct gw_view rules = gw_service_endpoint_rules(gw_models_service(models, i));
        struct gw_value value;
        struct gw_err err = {0};
        assert_true(gw_json_parse(rules, arena, &value, &err));
        assert_view(gw_map_text(&value, GW_VIEW("version")), "1.0");
    }
    gw_arena_free(arena);
}

/* ---- operations ----------------------------------------------------------------------------- */

static void every_operation_is_found_by_both_spellings(void **state)
{
    (void)state;
    const struct gw_models *models = gw_models_builtin();
    size_t count = 0;
    for (size_t i = 0; i < gw_models_count(models); i++) {
        const struct gw_service *at = gw_models_service(models, i);
        for (size_t k = 0; k < gw_service_operation_count(at); k++, count++) {
            const struct gw_operation *op = gw_service_operation(at, k);
            assert_ptr_equal(gw_service_find_operation(at, gw_operation_name(op)), op);
            assert_ptr_equal(gw_service_find_operation(at, gw_operation_snake_name(op)), op);
            assert_ptr_equal(gw_operation_service(op), at);
        }
    }
    assert_int_equal(count, 5700);
    assert_null(gw_service_find_operation(service("ecs"), GW_VIEW("DescribeService")));
    assert_null(gw_service_find_operation(service("ecs"), GW_VIEW("")));
}

static void snake_names_are_those_of_boto3(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"ecs", "DescribeServices", "describe_services"},
        {"rds", "DescribeDBInstances", "describe_db_instances"},
        {"iam", "ListMFADevices", "list_mfa_devices"},
        {"iam", "UploadSSHPublicKey", "upload_ssh_public_key"},
        {"kms", "ReEncrypt", "re_encrypt"},
        {"cloudwatch", "GetOTelEnrichment", "get_otel_enrichment"},
        {"route53", "ListVPCAssociationAuthorizations", "list_vpc_association_authorizations"},
        {"logs", "AssociateSourceToS3TableIntegration", "associate_source_to_s3_table_integration"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_view(gw_operation_snake_name(operation(rows[i][0], rows[i][1])), rows[i][2]);
    }
}

static void an_operation_has_its_effect(void **state)
{
    (void)state;
    static const struct {
        const char *service, *operation;
        enum gw_effect effect;
    } rows[] = {
        {"ecs", "DescribeServices", GW_EFFECT_READ},
        {"ecs", "UpdateService", GW_EFFECT_CHANGE},
        {"ecs", "ExecuteCommand", GW_EFFECT_CHANGE},
        {"ecs", "DeregisterTaskDefinition", GW_EFFECT_CHANGE},
        {"ecs", "StopTask", GW_EFFECT_DESTROY},
        {"logs", "StartQuery", GW_EFFECT_READ},
        {"logs", "PutRetentionPolicy", GW_EFFECT_CHANGE},
        {"logs", "DeleteLogGroup", GW_EFFECT_DESTROY},
        {"secretsmanager", "GetSecretValue", GW_EFFECT_READ_SECRET},
        {"secretsmanager", "DescribeSecret", GW_EFFECT_READ},
        {"ssm", "GetParametersByPath", GW_EFFECT_READ_SECRET},
        {"sts", "GetCallerIdentity", GW_EFFECT_READ},
        {"sts", "AssumeRoleWithWebIdentity", GW_EFFECT_READ_SECRET},
        {"stepfunctions", "GetActivityTask", GW_EFFECT_CHANGE},
        {"stepfunctions", "TestState", GW_EFFECT_CHANGE},
        {"sns", "VerifySMSSandboxPhoneNumber", GW_EFFECT_CHANGE},
        {"sqs", "ReceiveMessage", GW_EFFECT_CHANGE},
        {"dynamodb", "ExecuteStatement", GW_EFFECT_CHANGE},
        {"dynamodb", "BatchGetItem", GW_EFFECT_READ},
        {"ecr", "BatchDeleteImage", GW_EFFECT_DESTROY},
        {"kms", "ScheduleKeyDeletion", GW_EFFECT_DESTROY},
        {"kms", "GenerateDataKeyPair", GW_EFFECT_READ_SECRET},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(gw_operation_effect(operation(rows[i].service, rows[i].operation)),
                         rows[i].effect);
    }
}

static void an_operation_says_how_it_is_called(void **state)
{
    (void)state;
    const struct gw_operation *get = operation("s3", "get_object");
    assert_view(gw_operation_http_method(get), "GET");
    assert_view(gw_operation_uri(get), "/{Bucket}/{Key+}");
    assert_int_equal(gw_operation_response_code(get), 0);
    assert_int_equal(gw_operation_response_code(operation("lambda", "invoke_async")), 202);
    assert_view(gw_operation_host_prefix(operation("servicediscovery", "discover_instances")),
                "data-");
    assert_view(gw_operation_result_wrapper(operation("iam", "get_user")), "GetUserResult");
    assert_int_equal(gw_operation_auth(operation("sso", "get_role_credentials")), GW_AUTH_NONE);
    assert_int_equal(gw_operation_auth(operation("sts", "get_caller_identity")), GW_AUTH_SIGV4);
    assert_int_equal(gw_operation_auth(operation("s3", "write_get_object_response")),
                     GW_AUTH_UNSIGNED_BODY);
    assert_null(gw_operation_output(operation("iam", "delete_user")));
}

static void an_operation_knows_its_checksums_and_compression(void **state)
{
    (void)state;
    struct gw_checksum put = gw_operation_checksum(operation("s3", "put_bucket_lifecycle"));
    assert_true(put.required);
    assert_view(put.request_member, "ChecksumAlgorithm");
    struct gw_checksum get = gw_operation_checksum(operation("s3", "get_object"));
    assert_false(get.required);
    assert_view(get.validation_member, "ChecksumMode");
    assert_int_equal(get.response_count, 10);
    assert_view(gw_operation_response_checksum(operation("s3", "get_object"), 0), "CRC64NVME");
    assert_int_equal(gw_operation_checksum(operation("ecs", "list_tasks")).response_count, 0);
    assert_true(gw_operation_compresses(operation("cloudwatch", "put_metric_data")));
    assert_false(gw_operation_compresses(operation("cloudwatch", "list_metrics")));
}

static void an_operation_sets_parameters_of_its_endpoint(void **state)
{
    (void)state;
    const struct gw_operation *create = operation("s3", "create_bucket");
    assert_int_equal(gw_operation_context_count(create), 2);
    assert_view(gw_operation_context(create, 0).name, "DisableAccessPoints");
    assert_view(gw_operation_context(create, 0).json, "true");
    const struct gw_operation *batch = operation("dynamodb", "batch_get_item");
    assert_int_equal(gw_operation_context_count(batch), 1);
    assert_view(gw_operation_context(batch, 0).name, "ResourceArnList");
    assert_view(gw_operation_context(batch, 0).path, "keys(RequestItems)");
    assert_view(gw_operation_context(batch, 0).json, "");
}

static void an_operation_lists_its_errors(void **state)
{
    (void)state;
    const struct gw_operation *op = operation("elbv2", "DescribeTargetHealth");
    assert_int_equal(gw_operation_error_count(op), 3);
    const struct gw_shape *error = gw_operation_error(op, 0);
    assert_view(gw_shape_name(error), "InvalidTargetException");
    assert_view(gw_shape_error_code(error), "InvalidTarget");
    assert_int_equal(gw_shape_error_status(error), 400);
    assert_true(gw_shape_flags(error) & GW_SHAPE_EXCEPTION);
    assert_true(gw_shape_flags(error) & GW_SHAPE_SENDER_FAULT);

    const struct gw_shape *plain = gw_operation_error(operation("ecs", "DescribeServices"), 0);
    assert_view(gw_shape_error_code(plain), "AccessDeniedException");
    assert_view(gw_shape_name(plain), "AccessDeniedException");
}

/* ---- shapes and members --------------------------------------------------------------------- */

static void members_keep_the_order_of_the_model(void **state)
{
    (void)state;
    const struct gw_shape *input = gw_operation_input(operation("ecs", "DescribeServices"));
    assert_int_equal(gw_shape_type(input), GW_SHAPE_STRUCTURE);
    assert_int_equal(gw_shape_member_count(input), 3);
    assert_view(gw_member_name(gw_shape_member(input, 0)), "cluster");
    assert_view(gw_member_name(gw_shape_member(input, 1)), "services");
    assert_view(gw_member_name(gw_shape_member(input, 2)), "include");
    assert_int_equal(gw_member_flags(gw_shape_member(input, 0)) & GW_MEMBER_REQUIRED, 0);
    assert_true(gw_member_flags(gw_shape_member(input, 1)) & GW_MEMBER_REQUIRED);
    assert_null(gw_shape_find_member(input, GW_VIEW("Services")));
    assert_null(gw_shape_find_member(input, GW_VIEW("member")));
}

static void collections_know_their_parts(void **state)
{
    (void)state;
    const struct gw_shape *services =
        gw_member_shape(input_member("ecs", "DescribeServices", "services"));
    assert_int_equal(gw_shape_type(services), GW_SHAPE_LIST);
    assert_int_equal(gw_shape_member_count(services), 0);
    assert_view(gw_member_name(gw_shape_element(services)), "member");
    assert_int_equal(gw_shape_type(gw_member_shape(gw_shape_element(services))), GW_SHAPE_STRING);
    assert_null(gw_shape_key(services));

    const struct gw_shape *attributes =
        gw_member_shape(input_member("sns", "Publish", "MessageAttributes"));
    assert_int_equal(gw_shape_type(attributes), GW_SHAPE_MAP);
    assert_view(gw_member_name(gw_shape_key(attributes)), "key");
    assert_view(gw_member_wire_name(gw_shape_key(attributes)), "Name");
    assert_view(gw_member_wire_name(gw_shape_value(attributes)), "Value");
    assert_null(gw_shape_element(attributes));
}

static void members_know_their_place_in_the_message(void **state)
{
    (void)state;
    const struct gw_member *key = input_member("s3", "GetObject", "Key");
    assert_int_equal(gw_member_location(key), GW_LOCATION_URI);
    assert_view(gw_member_context_param(key), "Key");
    const struct gw_member *since = input_member("s3", "GetObject", "IfModifiedSince");
    assert_int_equal(gw_member_location(since), GW_LOCATION_HEADER);
    assert_view(gw_member_wire_name(since), "If-Modified-Since");
    assert_true(gw_member_flags(since) & GW_MEMBER_NAMED);
    assert_int_equal(gw_member_location(input_member("s3", "ListObjectsV2", "Prefix")),
                     GW_LOCATION_QUERY);
    const struct gw_member *metadata = input_member("s3", "PutObject", "Metadata");
    assert_int_equal(gw_member_location(metadata), GW_LOCATION_HEADERS);
    assert_view(gw_member_wire_name(metadata), "x-amz-meta-");

    const struct gw_member *cluster = input_member("ecs", "DescribeServices", "cluster");
    assert_int_equal(gw_member_location(cluster), GW_LOCATION_BODY);
    assert_view(gw_member_wire_name(cluster), "cluster");
    assert_int_equal(gw_member_flags(cluster), 0);
    assert_view(gw_member_context_param(cluster), "");
}

static void a_payload_is_named_by_its_structure(void **state)
{
    (void)state;
    const struct gw_member *body =
        gw_shape_payload(gw_operation_input(operation("s3", "PutObject")));
    assert_view(gw_member_name(body), "Body");
    assert_true(gw_member_flags(body) & GW_MEMBER_STREAMING);
    assert_null(gw_shape_payload(gw_operation_input(operation("s3", "GetObject"))));
}

static void xml_facts_come_from_member_and_shape(void **state)
{
    (void)state;
    const struct gw_shape *input = gw_operation_input(operation("route53", "CreateHostedZone"));
    assert_view(gw_shape_wire_name(input), "CreateHostedZoneRequest");
    assert_view(gw_shape_xml_namespace(input), "https://route53.amazonaws.com/doc/2013-04-01/");

    const struct gw_member *tagging = input_member("s3", "PutObjectTagging", "Tagging");
    assert_view(gw_member_xml_namespace(tagging), "http://s3.amazonaws.com/doc/2006-03-01/");
    const struct gw_shape *grants = output_member("s3", "GetBucketAcl", "Grants");
    const struct gw_shape *grant = gw_member_shape(gw_shape_element(grants));
    const struct gw_member *grantee = gw_shape_find_member(grant, GW_VIEW("Grantee"));
    assert_view(gw_member_xml_prefix(grantee), "xsi");
    const struct gw_member *kind = gw_shape_find_member(gw_member_shape(grantee), GW_VIEW("Type"));
    assert_true(gw_member_flags(kind) & GW_MEMBER_XML_ATTRIBUTE);
    assert_view(gw_member_wire_name(kind), "xsi:type");
}

static void secrets_are_marked_also_where_the_model_forgot(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"secretsmanager", "GetSecretValue", "SecretString"},
        {"kms", "Decrypt", "Plaintext"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gw_shape *shape = output_member(rows[i][0], rows[i][1], rows[i][2]);
        assert_true(gw_shape_flags(shape) & GW_SHAPE_SENSITIVE);
    }
    const struct gw_shape *credentials = output_member("sts", "AssumeRole", "Credentials");
    assert_true(gw_member_flags(gw_shape_find_member(credentials, GW_VIEW("SecretAccessKey"))) &
                GW_MEMBER_SENSITIVE);
    assert_true(gw_member_flags(gw_shape_find_member(credentials, GW_VIEW("SessionToken"))) &
                GW_MEMBER_SENSITIVE);
    assert_false(gw_member_flags(gw_shape_find_member(credentials, GW_VIEW("AccessKeyId"))) &
                 GW_MEMBER_SENSITIVE);
}

static void ranges_and_enums_are_kept(void **state)
{
    (void)state;
    const struct gw_shape *duration =
        gw_member_shape(input_member("sts", "AssumeRole", "DurationSeconds"));
    assert_int_equal(gw_shape_type(duration), GW_SHAPE_INTEGER);
    assert_true(gw_shape_flags(duration) & GW_SHAPE_HAS_MIN);
    assert_true(gw_shape_flags(duration) & GW_SHAPE_HAS_MAX);
    assert_true(gw_shape_min(duration) == 900 && gw_shape_max(duration) == 43200);

    const struct gw_shape *cluster =
        gw_member_shape(input_member("ecs", "DescribeServices", "cluster"));
    assert_int_equal(gw_shape_flags(cluster) & (GW_SHAPE_HAS_MIN | GW_SHAPE_HAS_MAX), 0);
    assert_int_equal(gw_shape_enum_count(cluster), 0);

    const struct gw_shape *kind =
        gw_member_shape(input_member("ecs", "DescribeTaskDefinition", "include"));
    kind = gw_member_shape(gw_shape_element(kind));
    assert_int_equal(gw_shape_enum_count(kind), 1);
    assert_view(gw_shape_enum(kind, 0), "TAGS");
}

static void idempotency_tokens_and_timestamps_are_marked(void **state)
{
    (void)state;
    assert_true(gw_member_flags(input_member("ecs", "RunTask", "clientToken")) &
                GW_MEMBER_IDEMPOTENCY_TOKEN);
    assert_int_equal(gw_member_timestamp_format(input_member("s3", "GetObject", "IfModifiedSince")),
                     0);
    const struct gw_shape *until =
        gw_member_shape(input_member("s3", "PutObject", "ObjectLockRetainUntilDate"));
    assert_int_equal(gw_shape_timestamp_format(until), GW_TIME_ISO8601);
    assert_int_equal(
        gw_member_timestamp_format(input_member("s3", "PutObject", "ObjectLockRetainUntilDate")),
        GW_TIME_ISO8601);
}

/* ---- paginators and waiters ----------------------------------------------------------------- */

static void a_paginator_has_its_expressions(void **state)
{
    (void)state;
    const struct gw_paginator *pages = gw_operation_paginator(operation("s3", "ListObjects"));
    assert_int_equal(gw_paginator_count(pages, GW_PAGINATOR_INPUT_TOKEN), 1);
    assert_view(gw_paginator_text(pages, GW_PAGINATOR_INPUT_TOKEN, 0), "Marker");
    assert_view(gw_paginator_text(pages, GW_PAGINATOR_OUTPUT_TOKEN, 0),
                "NextMarker || Contents[-1].Key");
    assert_int_equal(gw_paginator_count(pages, GW_PAGINATOR_RESULT_KEY), 2);
    assert_view(gw_paginator_text(pages, GW_PAGINATOR_RESULT_KEY, 1), "CommonPrefixes");
    assert_int_equal(gw_paginator_count(pages, GW_PAGINATOR_NON_AGGREGATE), 2);
    assert_view(gw_paginator_text(pages, GW_PAGINATOR_NON_AGGREGATE, 0), "RequestCharged");
    assert_view(gw_paginator_limit_key(pages), "MaxKeys");
    assert_view(gw_paginator_more_results(pages), "IsTruncated");
    assert_null(gw_operation_paginator(operation("ecs", "DescribeServices")));
}

static void a_waiter_is_found_by_both_spellings(void **state)
{
    (void)state;
    const struct gw_service *ecs = service("ecs");
    const struct gw_waiter *stable = gw_service_find_waiter(ecs, GW_VIEW("services_stable"));
    assert_ptr_equal(gw_service_find_waiter(ecs, GW_VIEW("ServicesStable")), stable);
    assert_null(gw_service_find_waiter(ecs, GW_VIEW("services_table")));
    assert_view(gw_waiter_name(stable), "ServicesStable");
    assert_ptr_equal(gw_waiter_operation(stable), operation("ecs", "DescribeServices"));
    assert_int_equal(gw_waiter_delay_s(stable), 15);
    assert_int_equal(gw_waiter_max_attempts(stable), 40);
    assert_int_equal(gw_service_waiter_count(service("logs")), 0);
}

static void a_waiter_has_its_acceptors_in_order(void **state)
{
    (void)state;
    const struct gw_waiter *stable =
        gw_service_find_waiter(service("ecs"), GW_VIEW("ServicesStable"));
    assert_int_equal(gw_waiter_acceptor_count(stable), 4);
    struct gw_acceptor missing = gw_waiter_acceptor(stable, 0);
    assert_int_equal(missing.matcher, GW_MATCH_PATH_ANY);
    assert_int_equal(missing.state, GW_WAITER_FAILURE);
    assert_view(missing.expected_json, "\"MISSING\"");
    assert_view(missing.argument, "failures[].reason");
    struct gw_acceptor steady = gw_waiter_acceptor(stable, 3);
    assert_int_equal(steady.matcher, GW_MATCH_PATH);
    assert_int_equal(steady.state, GW_WAITER_SUCCESS);
    assert_view(steady.expected_json, "true");
    assert_view(steady.argument, "length(services[?!(length(deployments) == `1` && "
                                 "runningCount == desiredCount)]) == `0`");

    const struct gw_waiter *exists =
        gw_service_find_waiter(service("s3"), GW_VIEW("bucket_exists"));
    struct gw_acceptor ok = gw_waiter_acceptor(exists, 0);
    assert_int_equal(ok.matcher, GW_MATCH_STATUS);
    assert_view(ok.expected_json, "200");
    assert_view(ok.argument, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_are_sorted_and_found_by_name),
        cmocka_unit_test(a_foreign_or_damaged_table_is_refused),
        cmocka_unit_test(services_of_one_signing_name_come_one_by_one),
        cmocka_unit_test(a_service_has_its_names),
        cmocka_unit_test(a_service_speaks_the_first_protocol_that_the_client_prefers),
        cmocka_unit_test(iam_actions_have_the_prefix_that_iam_knows),
        cmocka_unit_test(endpoint_rules_are_json),
        cmocka_unit_test(every_operation_is_found_by_both_spellings),
        cmocka_unit_test(snake_names_are_those_of_boto3),
        cmocka_unit_test(an_operation_has_its_effect),
        cmocka_unit_test(an_operation_says_how_it_is_called),
        cmocka_unit_test(an_operation_knows_its_checksums_and_compression),
        cmocka_unit_test(an_operation_sets_parameters_of_its_endpoint),
        cmocka_unit_test(an_operation_lists_its_errors),
        cmocka_unit_test(members_keep_the_order_of_the_model),
        cmocka_unit_test(collections_know_their_parts),
        cmocka_unit_test(members_know_their_place_in_the_message),
        cmocka_unit_test(a_payload_is_named_by_its_structure),
        cmocka_unit_test(xml_facts_come_from_member_and_shape),
        cmocka_unit_test(secrets_are_marked_also_where_the_model_forgot),
        cmocka_unit_test(ranges_and_enums_are_kept),
        cmocka_unit_test(idempotency_tokens_and_timestamps_are_marked),
        cmocka_unit_test(a_paginator_has_its_expressions),
        cmocka_unit_test(a_waiter_is_found_by_both_spellings),
        cmocka_unit_test(a_waiter_has_its_acceptors_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
