/* custom_output: answers that are not what their status says, and results as users want them. Beside
 * each row its name in botocore/handlers.py; see customisations.c. */
#include "aws/internal.h"

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
    if (!gw_custom_is_of(op, "S3", NULL)) {
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
        if (gw_custom_is_of(op, outputs[i].service_id, outputs[i].operation)) {
            outputs[i].apply(&result);
        }
    }
}
