/* customisations: what AWS's SDKs do for single services and operations and no model tells. All of
 * it is here, with where it comes from, however long that gets; nothing else in the host knows a
 * service by name, but the credential sources. Parameters, requests, answers and results are tables, one row a
 * customisation, beside it the name that it has in botocore/handlers.py (1.43).
 *
 *   retries of DynamoDB        its answers are fast and so are its retries: one more attempt, half
 *                              the delay (SDK retry specification 2.1, "service specific values";
 *                              botocore/retries/standard.py)
 *   answers of DynamoDB        carry a CRC32 of their body; one that differs was damaged on its way and
 *                              is asked for again (botocore/retries/special.py)
 *   long polling               an operation that is called again at once, whatever it answers, owes
 *                              a sleep even when no retry is left to it (the same; smithy's
 *                              aws.api#longPoll is to replace the list); its answer may take over a
 *                              minute (API references of GetActivityTask and PollForActivityTask)
 *   endpoints of S3            what the rules leave to the client: path style, the bucket's place,
 *                              dual stack by a setting of its own (named at each function, by the
 *                              file and function of botocore 1.43.11)
 *   buckets of other regions   S3 answers where the bucket is: the client goes there, once a call
 *                              (the same) */
#include "aws/internal.h"

#include <string.h>

/* Services go by their id, however their model's file is called. */
static bool is_of(const struct gw_operation *op, const char *service_id, const char *operation)
{
    struct gw_view id = gw_service_id(gw_operation_service(op));
    return gw_view_equal(id, gw_view_of(service_id)) &&
           (!operation || gw_view_equal(gw_operation_name(op), gw_view_of(operation)));
}

static bool is_arn(struct gw_view text)
{
    return gw_view_starts_with(text, GW_VIEW("arn:"));
}

/* ---- parameters ------------------------------------------------------------------------------ */

struct change {
    const struct gw_operation *op;
    struct gw_value *input; /* ours: a member may be replaced, what it held may not be touched */
    struct gw_arena *arena;
    struct gw_custom_call *custom;
    struct gw_err *err;
};

static struct gw_value *find(const struct change *c, const char *name)
{
    for (size_t i = 0; i < c->input->as.map.count; i++) {
        struct gw_entry *entry = &c->input->as.map.entries[i];
        if (gw_view_equal(entry->key, gw_view_of(name)) && entry->value.kind != GW_NULL) {
            return &entry->value;
        }
    }
    return NULL;
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
                                 is_arn(bucket) ? "/object/" : "/",
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
            return gw_fail(c->err, GW_ERR_INPUT,
                           "%.*s:%.*s: parameter 'Metadata': S3 takes ASCII only, in keys and "
                           "values: encode the rest, as base64 for example",
                           GW_VIEW_ARGS(gw_service_name(gw_operation_service(c->op))),
                           GW_VIEW_ARGS(gw_operation_name(c->op)));
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
    {"S3", "PutObject", check_metadata}, /* validate_ascii_metadata */
    {"S3", "CopyObject", check_metadata},
    {"S3", "CreateMultipartUpload", check_metadata},
    {"EC2", "RunInstances", encode_user_data}, /* base64_encode_user_data */
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
        if (is_of(op, inputs[i].service_id, inputs[i].operation) && !inputs[i].apply(&change)) {
            return false;
        }
    }
    return true;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void add_header(const struct gw_operation *op, const char *name, struct gw_view value,
                       struct gw_arena *arena, struct gw_http_request *req)
{
    (void)op;
    if (!gw_headers_get(&req->headers, gw_view_of(name)).data) {
        gw_headers_add(arena, &req->headers, gw_view_of(name), value);
    }
}

static void accept_json(const struct gw_operation *op, struct gw_arena *arena,
                        struct gw_http_request *req)
{
    add_header(op, "Accept", GW_VIEW("application/json"), arena, req);
}

static void add_glacier_version(const struct gw_operation *op, struct gw_arena *arena,
                                struct gw_http_request *req)
{
    add_header(op, "x-amz-glacier-version", gw_service_api_version(gw_operation_service(op)), arena,
               req);
}

/* Glacier's checksum: of each MiB, then of each two neighbours, until one is left. */
static void tree_hash(struct gw_view body, struct gw_arena *arena, unsigned char out[GW_SHA256_LEN])
{
    size_t count = body.len == 0 ? 1 : (body.len + (1u << 20) - 1) >> 20;
    unsigned char *hashes = gw_arena_alloc(arena, count * GW_SHA256_LEN);
    for (size_t i = 0; i < count; i++) {
        gw_sha256(gw_view_sub(body, i << 20, 1u << 20), hashes + i * GW_SHA256_LEN);
    }
    for (; count > 1; count = (count + 1) / 2) {
        for (size_t i = 0; i < count / 2; i++) {
            struct gw_view pair = {(const char *)hashes + 2 * i * GW_SHA256_LEN, 2 * GW_SHA256_LEN};
            unsigned char joint[GW_SHA256_LEN];
            gw_sha256(pair, joint);
            memcpy(hashes + i * GW_SHA256_LEN, joint, sizeof joint);
        }
        if (count % 2 == 1) {
            memmove(hashes + count / 2 * GW_SHA256_LEN, hashes + (count - 1) * GW_SHA256_LEN,
                    GW_SHA256_LEN);
        }
    }
    memcpy(out, hashes, GW_SHA256_LEN);
}

static void add_glacier_checksums(const struct gw_operation *op, struct gw_arena *arena,
                                  struct gw_http_request *req)
{
    char hex[2 * GW_SHA256_LEN + 1];
    unsigned char tree[GW_SHA256_LEN];
    gw_sha256_hex(req->body, hex);
    add_header(op, "x-amz-content-sha256", gw_view_of(hex), arena, req);
    tree_hash(req->body, arena, tree);
    gw_hex_write(tree, sizeof tree, hex);
    hex[2 * GW_SHA256_LEN] = '\0';
    add_header(op, "x-amz-sha256-tree-hash", gw_view_of(hex), arena, req);
}

/* A query may be too long for a URL. */
static void move_query_to_body(const struct gw_operation *op, struct gw_arena *arena,
                               struct gw_http_request *req)
{
    size_t question = gw_view_find_char(req->url, '?');
    if (!gw_view_equal(req->method, GW_VIEW("GET")) || question == GW_NPOS) {
        return;
    }
    req->method = GW_VIEW("POST");
    req->body = gw_view_sub(req->url, question + 1, req->url.len);
    req->url = gw_view_sub(req->url, 0, question);
    add_header(op, "Content-Type", GW_VIEW("application/x-www-form-urlencoded"), arena, req);
}

static const struct {
    const char *service_id, *operation; /* NULL: all */
    void (*apply)(const struct gw_operation *op, struct gw_arena *arena,
                  struct gw_http_request *req);
} requests[] = {
    {"API Gateway", NULL, accept_json},                  /* add_accept_header */
    {"Glacier", NULL, add_glacier_version},              /* add_glacier_version */
    {"Glacier", "UploadArchive", add_glacier_checksums}, /* add_glacier_checksums */
    {"Glacier", "UploadMultipartPart", add_glacier_checksums},
    {"CloudSearch Domain", "Search", move_query_to_body}, /* change_get_to_post */
};

void gw_custom_request(const struct gw_operation *op, struct gw_arena *arena,
                       struct gw_http_request *req)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        if (is_of(op, requests[i].service_id, requests[i].operation)) {
            requests[i].apply(op, arena, req);
        }
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

/* botocore: _handle_200_error. S3 begins some answers before it knows how they will end. A body of
 * bytes cannot be told from an error. */
static bool is_hidden_error(const struct gw_operation *op, const struct gw_http_response *res,
                            struct gw_arena *arena)
{
    const struct gw_shape *shape = gw_operation_output(op);
    const struct gw_member *payload = shape ? gw_shape_payload(shape) : NULL;
    struct gw_xml *root;
    if (res->status != 200 || res->body.len == 0) {
        return false;
    }
    if (payload) {
        const struct gw_shape *type = gw_member_shape(payload);
        if (gw_shape_type(type) == GW_SHAPE_BLOB || gw_shape_type(type) == GW_SHAPE_STRING ||
            (gw_shape_flags(type) & GW_SHAPE_EVENT_STREAM)) {
            return false;
        }
    }
    return !gw_xml_parse(res->body, arena, &root, NULL) ||
           gw_view_equal(root->name, GW_VIEW("Error"));
}

static struct gw_view expires(const struct gw_http_response *res)
{
    return gw_headers_get(&res->headers, GW_VIEW("Expires"));
}

/* botocore: handle_expires_header. Whoever put the object wrote there what he liked. */
static void drop_unreadable_expiry(struct gw_arena *arena, struct gw_http_response *res)
{
    struct gw_headers kept = {0};
    double ignored;
    if (expires(res).len == 0 || gw_time_read(gw_view_trim(expires(res)), &ignored)) {
        return;
    }
    for (size_t i = 0; i < res->headers.count; i++) {
        const struct gw_header *header = &res->headers.items[i];
        if (!gw_view_equal_nocase(header->name, GW_VIEW("Expires"))) {
            gw_headers_add(arena, &kept, header->name, header->value);
        }
    }
    res->headers = kept;
}

void gw_custom_response(const struct gw_operation *op, struct gw_arena *arena,
                        struct gw_http_response *res)
{
    if (!is_of(op, "S3", NULL)) {
        return;
    }
    if (is_hidden_error(op, res, arena)) {
        res->status = 500; /* so that it is tried again */
        res->reason = GW_VIEW("the answer is an error, or cut off");
    }
    drop_unreadable_expiry(arena, res);
}

/* ---- results --------------------------------------------------------------------------------- */

struct result {
    const struct gw_operation *op;
    const struct gw_http_response *res;
    const struct gw_custom_call *custom;
    struct gw_arena *arena;
    struct gw_value *output;
};

static struct gw_value *find_in(struct gw_value *map, const char *name)
{
    return (struct gw_value *)gw_map_get(map, gw_view_of(name));
}

static void decode_text(const struct result *r, struct gw_value *value)
{
    struct gw_view text;
    if (value && value->kind == GW_STRING &&
        gw_percent_read(value->as.string, true, r->arena, &text)) {
        value->as.string = text;
    }
}

static void decode_keys(const struct result *r)
{
    static const char *const members[] = {"Delimiter",  "Marker",    "NextMarker",   "Prefix",
                                          "StartAfter", "KeyMarker", "NextKeyMarker"};
    static const char *const lists[][2] = {{"Contents", "Key"},
                                           {"CommonPrefixes", "Prefix"},
                                           {"Versions", "Key"},
                                           {"DeleteMarkers", "Key"}};
    if (!r->custom->keys_encoded ||
        !gw_view_equal(gw_map_text(r->output, GW_VIEW("EncodingType")), GW_VIEW("url"))) {
        return;
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        decode_text(r, find_in(r->output, members[i]));
    }
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct gw_value *list = find_in(r->output, lists[i][0]);
        for (size_t k = 0; list && list->kind == GW_LIST && k < list->as.list.count; k++) {
            decode_text(r, find_in(&list->as.list.items[k], lists[i][1]));
        }
    }
}

/* The root element holds the text itself; an empty one is us-east-1's. */
static void read_location(const struct result *r)
{
    struct gw_xml *root;
    if (gw_xml_parse(r->res->body, r->arena, &root, NULL) && root->text.len > 0) {
        *gw_map_add(r->arena, r->output, GW_VIEW("LocationConstraint")) =
            gw_value_string(root->text);
    }
}

static void add_expiry_text(const struct result *r)
{
    const struct gw_shape *shape = gw_operation_output(r->op);
    if (shape && gw_shape_find_member(shape, GW_VIEW("Expires")) && expires(r->res).len > 0) {
        *gw_map_add(r->arena, r->output, GW_VIEW("ExpiresString")) =
            gw_value_string(gw_arena_dup(r->arena, expires(r->res)));
    }
}

static void parse_json(struct gw_arena *arena, struct gw_value *value)
{
    struct gw_value parsed;
    if (value && value->kind == GW_STRING &&
        gw_json_parse(value->as.string, arena, &parsed, NULL)) {
        parsed.secret = value->secret;
        *value = parsed;
    }
}

static void decode_policies(const struct result *r, const struct gw_shape *shape,
                            struct gw_value *value)
{
    if (gw_shape_type(shape) == GW_SHAPE_LIST && value->kind == GW_LIST) {
        for (size_t i = 0; i < value->as.list.count; i++) {
            decode_policies(r, gw_member_shape(gw_shape_element(shape)), &value->as.list.items[i]);
        }
    } else if (gw_shape_type(shape) == GW_SHAPE_STRUCTURE && value->kind == GW_MAP) {
        for (size_t i = 0; i < value->as.map.count; i++) {
            struct gw_entry *entry = &value->as.map.entries[i];
            const struct gw_member *member = gw_shape_find_member(shape, entry->key);
            if (member) {
                decode_policies(r, gw_member_shape(member), &entry->value);
            }
        }
    } else if (gw_view_equal(gw_shape_name(shape), GW_VIEW("policyDocumentType"))) {
        struct gw_view text;
        if (value->kind == GW_STRING && gw_percent_read(value->as.string, false, r->arena, &text)) {
            struct gw_value decoded = gw_value_string(text);
            decoded.secret = value->secret;
            parse_json(r->arena, &decoded);
            *value = decoded.kind == GW_STRING ? *value : decoded;
        }
    }
}

static void decode_all_policies(const struct result *r)
{
    const struct gw_shape *shape = gw_operation_output(r->op);
    if (shape) {
        decode_policies(r, shape, r->output);
    }
}

static void decode_console(const struct result *r)
{
    struct gw_value *text = find_in(r->output, "Output");
    struct gw_view decoded;
    if (text && text->kind == GW_STRING && gw_base64_read(text->as.string, r->arena, &decoded)) {
        text->as.string = decoded;
    }
}

static void parse_template(const struct result *r)
{
    parse_json(r->arena, find_in(r->output, "TemplateBody"));
}

static const struct {
    const char *service_id, *operation; /* NULL: all */
    void (*apply)(const struct result *result);
} outputs[] = {
    {"S3", "ListObjects", decode_keys}, /* decode_list_object, _v2, decode_list_object_versions */
    {"S3", "ListObjectsV2", decode_keys},
    {"S3", "ListObjectVersions", decode_keys},
    {"S3", "GetBucketLocation", read_location},        /* parse_get_bucket_location */
    {"S3", NULL, add_expiry_text},                     /* handle_expires_header */
    {"IAM", NULL, decode_all_policies},                /* json_decode_policies */
    {"EC2", "GetConsoleOutput", decode_console},       /* decode_console_output */
    {"CloudFormation", "GetTemplate", parse_template}, /* json_decode_template_body */
};

void gw_custom_output(const struct gw_operation *op, const struct gw_custom_call *custom,
                      const struct gw_http_response *res, struct gw_arena *arena,
                      struct gw_value *output)
{
    struct result result = {op, res, custom, arena, output};
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        if (is_of(op, outputs[i].service_id, outputs[i].operation)) {
            outputs[i].apply(&result);
        }
    }
}

/* ---- server ---------------------------------------------------------------------------------- */

bool gw_custom_bare_errors(const struct gw_service *service)
{
    return gw_view_equal(gw_service_id(service), GW_VIEW("S3"));
}

/* The model marks them as deprecated: their successors have the same method and path. */
bool gw_custom_is_superseded(const struct gw_operation *op)
{
    static const char *const names[] = {"GetBucketLifecycle", "GetBucketNotification",
                                        "PutBucketLifecycle", "PutBucketNotification"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_of(op, "S3", names[i])) {
            return true;
        }
    }
    return false;
}

/* ---- retries --------------------------------------------------------------------------------- */

static bool is_named(struct gw_view name, const char *const *names)
{
    for (; *names; names++) {
        if (gw_view_equal(name, gw_view_of(*names))) {
            return true;
        }
    }
    return false;
}

void gw_custom_retry_policy(const struct gw_service *service, struct gw_retry_policy *policy)
{
    static const char *const dynamodb[] = {"dynamodb", "dynamodbstreams", NULL};
    if (service && is_named(gw_service_name(service), dynamodb)) {
        policy->max_attempts = 4;
        policy->transient_scale_ms = 25;
    }
}

bool gw_custom_verify(const struct gw_operation *op, const struct gw_http_response *res,
                      struct gw_err *err)
{
    int64_t expected = 0, computed = 0;
    unsigned char crc[GW_CHECKSUM_MAX_LEN];
    struct gw_view text = gw_headers_get(&res->headers, GW_VIEW("x-amz-crc32"));
    if (!is_of(op, "DynamoDB", NULL) || !gw_view_to_int64(text, &expected)) {
        return true;
    }
    struct gw_checksum_state *state = gw_checksum_new(GW_CHECKSUM_CRC32);
    gw_checksum_add(state, res->body);
    size_t len = gw_checksum_finish(state, crc);
    gw_checksum_free(state);
    for (size_t i = 0; i < len; i++) {
        computed = computed << 8 | crc[i];
    }
    return computed == expected ||
           gw_fail(err, GW_ERR_NETWORK,
                   "the answer was damaged on its way: expected CRC32 %lld, "
                   "got %lld",
                   (long long)expected, (long long)computed);
}

bool gw_custom_is_long_polling(const struct gw_operation *op)
{
    static const struct {
        const char *service;
        const char *operations[3];
    } rows[] = {{"sqs", {"ReceiveMessage"}},
                {"stepfunctions", {"GetActivityTask"}},
                {"swf", {"PollForActivityTask", "PollForDecisionTask"}}};
    struct gw_view service = gw_service_name(gw_operation_service(op));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (gw_view_equal(service, gw_view_of(rows[i].service))) {
            return is_named(gw_operation_name(op), rows[i].operations);
        }
    }
    return false;
}

/* ---- endpoints ------------------------------------------------------------------------------- */

/* utils.py, is_s3_accelerate_url */
static bool is_accelerate_url(struct gw_view custom)
{
    struct gw_url url;
    return custom.len > 0 && gw_url_parse(custom, &url, NULL) &&
           (gw_view_equal_nocase(url.host, GW_VIEW("s3-accelerate.amazonaws.com")) ||
            gw_view_equal_nocase(url.host, GW_VIEW("s3-accelerate.dualstack.amazonaws.com")));
}

/* args.py, compute_endpoint_resolver_builtin_defaults: a custom endpoint hardly ever has a name a
 * bucket. handlers.py, customize_endpoint_resolver_builtins: the region of the bucket is what
 * GetBucketLocation asks for, so that its host name must not lead there; an ARN has no path. */
bool gw_custom_path_style(const struct gw_operation *op, const struct gw_s3_settings *settings,
                          struct gw_view bucket, struct gw_view custom)
{
    if (gw_view_equal(gw_operation_name(op), GW_VIEW("GetBucketLocation"))) {
        return true;
    }
    if (is_arn(bucket)) {
        return false;
    }
    if (custom.len > 0 && !settings->use_accelerate && !is_accelerate_url(custom)) {
        return settings->addressing != GW_ADDRESSING_VIRTUAL;
    }
    return settings->addressing == GW_ADDRESSING_PATH;
}

/* client.py, _is_s3_dualstack_mode */
bool gw_custom_dualstack(const struct gw_service *service, const struct gw_settings *settings)
{
    static const char *const services[] = {"s3", "s3control", NULL};
    return settings->s3.use_dualstack && is_named(gw_service_name(service), services);
}

/* handlers.py, remove_bucket_from_url_paths_from_model: model and endpoint rules both place the
 * bucket. */
struct gw_view gw_custom_target(const struct gw_operation *op, struct gw_view target)
{
    if (!is_of(op, "S3", NULL) ||
        !gw_view_starts_with(gw_operation_uri(op), GW_VIEW("/{Bucket}"))) {
        return target;
    }
    size_t end = 1;
    while (end < target.len && target.data[end] != '/' && target.data[end] != '?') {
        end++;
    }
    return gw_view_sub(target, end, GW_NPOS);
}

/* handlers.py, remove_accid_host_prefix_from_model: model and endpoint rules both place the account.
 */
bool gw_custom_drops_host_prefix(const struct gw_operation *op)
{
    return is_of(op, "S3 Control", NULL) &&
           gw_view_equal(gw_operation_host_prefix(op), GW_VIEW("{AccountId}."));
}

/* ---- buckets of other regions: utils.py, S3RegionRedirectorv2 -------------------------------- */

struct gw_view gw_custom_bucket(const struct gw_operation *op, const struct gw_value *context)
{
    struct gw_view bucket =
        is_of(op, "S3", NULL) ? gw_map_text(context, GW_VIEW("Bucket")) : GW_VIEW_NONE;
    return is_arn(bucket) ? GW_VIEW_NONE : bucket;
}

/* The answer to a HEAD has no body that could say more than the status. Of CreateBucket the
 * constraint is the caller's own. */
static bool is_elsewhere(const struct gw_operation *op, const struct gw_http_response *res,
                         struct gw_view code)
{
    static const char *const codes[] = {"PermanentRedirect", "AuthorizationHeaderMalformed", NULL};
    bool is_head = gw_view_equal(gw_operation_http_method(op), GW_VIEW("HEAD"));
    bool is_create = gw_view_equal(gw_operation_name(op), GW_VIEW("CreateBucket"));
    return res->status == 301 || res->status == 302 || res->status == 307 ||
           (is_head && res->status == 400) || is_named(code, codes) ||
           (gw_view_equal(code, GW_VIEW("IllegalLocationConstraintException")) && !is_create);
}

struct gw_view gw_custom_bucket_region(const struct gw_operation *op,
                                       const struct gw_http_response *res,
                                       const struct gw_aws_error *error, struct gw_arena *arena)
{
    if (!is_of(op, "S3", NULL) || !is_elsewhere(op, res, error->code)) {
        return GW_VIEW_NONE;
    }
    struct gw_view region = gw_headers_get(&res->headers, GW_VIEW("x-amz-bucket-region"));
    struct gw_xml *body;
    if (region.len == 0 && gw_xml_parse(res->body, arena, &body, NULL)) {
        const struct gw_xml *element = gw_xml_child(body, GW_VIEW("Region"));
        region = element ? element->text : GW_VIEW_NONE;
    }
    return gw_is_host_label(region) ? region : GW_VIEW_NONE; /* it becomes part of a host name */
}
