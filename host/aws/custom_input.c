/* custom_input: parameters that SDKs take in a form of their own, and those that they add. Beside each
 * row its name in botocore/handlers.py; see customisations.c. */
#include "aws/internal.h"

#include <string.h>

struct change {
    const struct gw_operation *op;
    struct gw_value *input; /* ours: a member may be replaced, what it held may not be touched */
    struct gw_arena *arena;
    struct gw_custom_call *custom;
    struct gw_err *err;
};

static struct gw_entry *find_entry(const struct change *c, const char *name)
{
    for (size_t i = 0; i < c->input->as.map.count; i++) {
        struct gw_entry *entry = &c->input->as.map.entries[i];
        if (gw_view_equal(entry->key, gw_view_of(name)) && entry->value.kind != GW_NULL) {
            return entry;
        }
    }
    return NULL;
}

static struct gw_value *find(const struct change *c, const char *name)
{
    struct gw_entry *entry = find_entry(c, name);
    return entry ? &entry->value : NULL;
}

static void set(const struct change *c, const char *name, struct gw_view text, bool secret)
{
    struct gw_value *slot = find(c, name);
    slot = slot ? slot : gw_map_add(c->arena, c->input, gw_view_of(name));
    *slot = gw_value_string(text);
    slot->secret = secret;
}

static struct gw_view base64(struct gw_view bytes, struct gw_arena *arena)
{
    struct gw_buf out;
    gw_buf_init(&out, GW_PROTOCOL_MAX_BYTES);
    gw_base64_write(bytes, &out);
    struct gw_view text = gw_arena_dup(arena, gw_buf_view(&out));
    gw_buf_clear(&out);
    return text;
}

/* Out of the input; the empty view where it is not there, or no text and so for validation to tell. */
static struct gw_view take(const struct change *c, const char *name)
{
    struct gw_value *slot = find(c, name);
    if (!slot || slot->kind != GW_STRING) {
        return GW_VIEW_NONE;
    }
    struct gw_view text = slot->as.string;
    *slot = (struct gw_value){0};
    return text;
}

static bool fail(const struct change *c, const char *what)
{
    return gw_fail(c->err, GW_ERR_INPUT, "%.*s:%.*s: %s",
                   GW_VIEW_ARGS(gw_service_name(gw_operation_service(c->op))),
                   GW_VIEW_ARGS(gw_operation_name(c->op)), what);
}

/* Keys may hold what XML cannot; so they are asked for percent-encoded, and decoded again. */
static bool ask_for_encoded_keys(const struct change *c)
{
    if (!find(c, "EncodingType")) {
        set(c, "EncodingType", GW_VIEW("url"), false);
        c->custom->keys_encoded = true;
    }
    return true;
}

static void add_version(struct gw_view version, struct gw_buf *out)
{
    if (version.len > 0) {
        gw_buf_add_text(out, "?versionId=");
        gw_buf_add(out, version);
    }
}

/* "bucket/key?versionId=x": what is behind the last "?versionId=", if that may be one. */
static struct gw_view take_version(struct gw_view *source)
{
    static const char mark[] = "?versionId=";
    for (size_t at = source->len; at-- > 0;) {
        if (!gw_view_starts_with(gw_view_sub(*source, at, source->len), gw_view_of(mark))) {
            continue;
        }
        struct gw_view version = gw_view_sub(*source, at + sizeof mark - 1, source->len);
        if (gw_view_find_char(version, ' ') != GW_NPOS) {
            break;
        }
        source->len = at;
        return version;
    }
    return GW_VIEW_NONE;
}

/* The header takes it percent-encoded. A map {Bucket, Key, VersionId} does too. */
static bool encode_copy_source(const struct change *c)
{
    struct gw_value *given = find(c, "CopySource");
    struct gw_buf out;
    if (!given || (given->kind != GW_STRING && given->kind != GW_MAP)) {
        return true;
    }
    struct gw_view source = given->as.string, version;
    if (given->kind == GW_MAP) {
        struct gw_view bucket = gw_map_text(given, GW_VIEW("Bucket"));
        version = gw_map_text(given, GW_VIEW("VersionId"));
        source = gw_arena_printf(c->arena, "%.*s%s%.*s", GW_VIEW_ARGS(bucket),
                                 gw_custom_is_arn(bucket) ? "/object/" : "/",
                                 GW_VIEW_ARGS(gw_map_text(given, GW_VIEW("Key"))));
    } else {
        version = take_version(&source);
    }
    gw_buf_init(&out, GW_PROTOCOL_MAX_BYTES);
    gw_percent_write(source, true, &out);
    add_version(version, &out);
    set(c, "CopySource", gw_arena_dup(c->arena, gw_buf_view(&out)), false);
    gw_buf_clear(&out);
    return true;
}

/* A customer's key goes as base64, and with its MD5, unless the caller has done that. */
static void add_key_md5(const struct change *c, const char *key_name, const char *md5_name)
{
    const struct gw_value *key = find(c, key_name);
    unsigned char md5[GW_CHECKSUM_MAX_LEN];
    if (!key || key->kind != GW_STRING || find(c, md5_name)) {
        return;
    }
    struct gw_checksum_state *state = gw_checksum_new(GW_CHECKSUM_MD5);
    gw_checksum_add(state, key->as.string);
    size_t len = gw_checksum_finish(state, md5);
    gw_checksum_free(state);
    struct gw_view encoded = base64(key->as.string, c->arena);
    gw_secret_add(encoded);
    set(c, key_name, encoded, true);
    set(c, md5_name, base64((struct gw_view){(const char *)md5, len}, c->arena), false);
}

static bool has_member(const struct gw_operation *op, const char *name)
{
    const struct gw_shape *shape = gw_operation_input(op);
    return shape && gw_shape_find_member(shape, gw_view_of(name));
}

static bool encode_customer_keys(const struct change *c)
{
    if (has_member(c->op, "SSECustomerKeyMD5")) {
        add_key_md5(c, "SSECustomerKey", "SSECustomerKeyMD5");
    }
    if (has_member(c->op, "CopySourceSSECustomerKeyMD5")) {
        add_key_md5(c, "CopySourceSSECustomerKey", "CopySourceSSECustomerKeyMD5");
    }
    return true;
}

static bool is_ascii(struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static bool check_metadata(const struct change *c)
{
    const struct gw_value *map = find(c, "Metadata");
    for (size_t i = 0; map && map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        if (!is_ascii(entry->key) ||
            (entry->value.kind == GW_STRING && !is_ascii(entry->value.as.string))) {
            return fail(c,
                        "parameter 'Metadata': S3 takes ASCII only, in keys and values: encode the "
                        "rest, as base64 for example");
        }
    }
    return true;
}

/* It is a part of the path or of the host name. */
static bool check_bucket(const struct change *c)
{
    struct gw_view bucket = gw_map_text(c->input, GW_VIEW("Bucket"));
    for (size_t i = 0; i < bucket.len && !gw_custom_is_arn(bucket); i++) {
        char b = bucket.data[i];
        bool is_letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
        if (!is_letter && !(b >= '0' && b <= '9') && b != '.' && b != '-' && b != '_') {
            return gw_fail(
                c->err, GW_ERR_INPUT,
                "%.*s:%.*s: parameter 'Bucket': expected a name of letters, digits, '-', "
                "'.' and '_', or an ARN, got '%.*s'",
                GW_VIEW_ARGS(gw_service_name(gw_operation_service(c->op))),
                GW_VIEW_ARGS(gw_operation_name(c->op)), GW_VIEW_ARGS(bucket));
        }
    }
    return true;
}

static bool encode_user_data(const struct change *c)
{
    const struct gw_value *data = find(c, "UserData");
    if (data && data->kind == GW_STRING) {
        set(c, "UserData", base64(data->as.string, c->arena), data->secret);
    }
    return true;
}

/* "/hostedzone/Z1" is what one operation answers, "Z1" is what the next one takes. */
static bool shorten_ids(const struct change *c)
{
    static const char *const shapes[] = {"ResourceId", "DelegationSetId", "ChangeId"};
    const struct gw_shape *input = gw_operation_input(c->op);
    for (size_t i = 0; input && i < c->input->as.map.count; i++) {
        struct gw_entry *entry = &c->input->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(input, entry->key);
        if (!member || entry->value.kind != GW_STRING) {
            continue;
        }
        struct gw_view shape = gw_shape_name(gw_member_shape(member));
        for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
            struct gw_view *id = &entry->value.as.string;
            size_t slash;
            while (gw_view_equal(shape, gw_view_of(shapes[k])) &&
                   (slash = gw_view_find_char(*id, '/')) != GW_NPOS) {
                *id = gw_view_sub(*id, slash + 1, id->len);
            }
        }
    }
    return true;
}

static bool add_account(const struct change *c)
{
    if (has_member(c->op, "accountId") && !find(c, "accountId")) {
        set(c, "accountId", GW_VIEW("-"), false); /* the caller's own */
    }
    return true;
}

static bool rename_alias(const struct change *c, const char *alias, const char *name)
{
    struct gw_entry *given = find_entry(c, alias);
    if (!given || has_member(c->op, alias) || !has_member(c->op, name)) {
        return true;
    }
    if (find(c, name)) {
        return fail(c,
                    gw_arena_printf(c->arena, "parameters '%s' and '%s' are the same one: give one",
                                    alias, name)
                        .data);
    }
    given->key = gw_view_of(name);
    return true;
}

static bool name_filters(const struct change *c)
{
    return rename_alias(c, "Filters", "Filter");
}

static bool name_from_time(const struct change *c)
{
    return rename_alias(c, "fromTime", "from");
}

static bool name_return_fields(const struct change *c)
{
    return rename_alias(c, "returnFields", "return");
}

/* A copy of what is in another region wants a URL that is signed for that region; custom_copy.c. The
 * region becomes part of a host name. */
static bool set_source(const struct change *c, struct gw_view region, const char *url_name)
{
    if (region.len == 0 || find(c, url_name)) {
        return true;
    }
    if (!gw_is_host_label(region)) {
        return fail(c, "parameter 'SourceRegion': expected a region, as 'eu-west-1'");
    }
    c->custom->source_region = region;
    c->custom->source_url_name = gw_view_of(url_name);
    return true;
}

/* EC2 wants to be told both regions as well. */
static bool copy_snapshot(const struct change *c)
{
    const struct gw_value *region = find(c, "SourceRegion");
    if (!region || region->kind != GW_STRING || find(c, "PresignedUrl")) {
        return true;
    }
    take(c, "DestinationRegion");
    c->custom->tells_destination = true;
    return set_source(c, region->as.string, "PresignedUrl");
}

/* SDKs alone know the parameter: it is not sent. */
static bool copy_database(const struct change *c)
{
    return set_source(c, take(c, "SourceRegion"), "PreSignedUrl");
}

static bool ask_predictor(const struct change *c)
{
    const struct gw_value *url = find(c, "PredictEndpoint");
    struct gw_url ignored;
    if (!url || url->kind != GW_STRING) {
        return true;
    }
    if (!gw_url_parse(url->as.string, &ignored, NULL)) {
        return fail(c, "parameter 'PredictEndpoint': expected a URL, as 'https://host'");
    }
    c->custom->endpoint = url->as.string;
    return true;
}

static const struct {
    const char *service_id, *operation; /* NULL: all */
    bool (*apply)(const struct change *change);
} inputs[] = {
    {"S3", "ListObjects", ask_for_encoded_keys}, /* set_list_objects_encoding_type_url */
    {"S3", "ListObjectsV2", ask_for_encoded_keys},
    {"S3", "ListObjectVersions", ask_for_encoded_keys},
    {"S3", "CopyObject", encode_copy_source}, /* handle_copy_source_param */
    {"S3", "UploadPartCopy", encode_copy_source},
    {"S3", NULL, encode_customer_keys},  /* sse_md5, copy_source_sse_md5 */
    {"S3", NULL, check_bucket},          /* validate_bucket_name */
    {"S3", "PutObject", check_metadata}, /* validate_ascii_metadata */
    {"S3", "CopyObject", check_metadata},
    {"S3", "CreateMultipartUpload", check_metadata},
    {"EC2", NULL, name_filters}, /* _add_parameter_aliases */
    {"CloudWatch Logs", "CreateExportTask", name_from_time},
    {"CloudSearch Domain", "Search", name_return_fields},
    {"EC2", "CopySnapshot", copy_snapshot},   /* inject_presigned_url_ec2 */
    {"RDS", "CopyDBSnapshot", copy_database}, /* inject_presigned_url_rds */
    {"RDS", "CopyDBClusterSnapshot", copy_database},
    {"RDS", "CreateDBCluster", copy_database},
    {"RDS", "CreateDBInstanceReadReplica", copy_database},
    {"RDS", "StartDBInstanceAutomatedBackupsReplication", copy_database},
    {"Neptune", "CopyDBClusterSnapshot", copy_database},
    {"Neptune", "CreateDBCluster", copy_database},
    {"DocDB", "CopyDBClusterSnapshot", copy_database},
    {"DocDB", "CreateDBCluster", copy_database},
    {"Machine Learning", "Predict", ask_predictor}, /* switch_host_machinelearning */
    {"EC2", "RunInstances", encode_user_data},      /* base64_encode_user_data */
    {"Auto Scaling", "CreateLaunchConfiguration", encode_user_data},
    {"Route 53", NULL, shorten_ids}, /* fix_route53_ids */
    {"Glacier", NULL, add_account},  /* inject_account_id */
};

bool gw_custom_input(const struct gw_operation *op, const struct gw_value *given,
                     struct gw_arena *arena, struct gw_value *input, struct gw_custom_call *custom,
                     struct gw_err *err)
{
    struct change change = {op, input, arena, custom, err};
    *custom = (struct gw_custom_call){0};
    if (given->kind != GW_MAP && !(given->kind == GW_LIST && given->as.list.count == 0) &&
        given->kind != GW_NULL) {
        *input = *given; /* validation says what is wrong with it */
        return true;
    }
    *input = gw_value_map();
    for (size_t i = 0; given->kind == GW_MAP && i < given->as.map.count; i++) {
        const struct gw_entry *entry = &given->as.map.entries[i];
        *gw_map_add(arena, input, entry->key) = entry->value;
    }
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        if (gw_custom_is_of(op, inputs[i].service_id, inputs[i].operation) &&
            !inputs[i].apply(&change)) {
            return false;
        }
    }
    return true;
}
