/* model_check: holds every record of a table of API models against its layout, so that what is read
 * from a file can be used like what is built in, however damaged or hostile the file is.
 *
 * All of it is checked: each reference stays inside the part where its kind belongs and hits a
 * record's beginning, counts fit, enumerations are known, names are made of the characters that
 * paths, headers and URLs can carry. Arrays may not overlap (what they claim together must fit into
 * the table), so the work is linear in the size of the table. Recursive shapes are no defect: AWS
 * has them, and those who walk values limit their depth. Limit: GW_MODELS_MAX_BYTES. */
#include "aws/model_table.h"
#include "codec/codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct check {
    const char *base;
    size_t size, texts_at;
    unsigned char *text_starts; /* one bit for each fourth byte from texts_at on */
    size_t claimed;             /* bytes of all arrays so far */
    const struct gw_service *service;
    struct gw_err *err;
};

/* `what` is the record and field: "operation: input". */
static bool damaged(const struct check *check, const char *what)
{
    return gw_fail(check->err, GW_ERR_INPUT, "models: damaged table: %s", what);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static bool has_control(struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static uint32_t length_at(const struct check *check, size_t at)
{
    uint32_t len;
    memcpy(&len, check->base + at, sizeof len);
    return len;
}

static struct gw_view text_at(const struct check *check, size_t at)
{
    return (struct gw_view){check->base + at + sizeof(uint32_t), length_at(check, at)};
}

/* Goes over the texts one after the other and notes where each begins. */
static bool check_texts(struct check *check)
{
    size_t at = check->texts_at;
    while (check->size - at > sizeof(uint32_t)) {
        size_t room = check->size - at - sizeof(uint32_t);
        struct gw_view text = text_at(check, at);
        if (text.len >= room || text.data[text.len] != '\0') {
            return damaged(check, "a text passes its end");
        }
        if (has_control(text) || !gw_utf8_valid(text)) {
            return damaged(check, "a text has characters that no text has");
        }
        size_t slot = (at - check->texts_at) / 4;
        check->text_starts[slot / 8] |= (unsigned char)(1u << slot % 8);
        at += sizeof(uint32_t) + text.len + 1;
        at = (at + 3) / 4 * 4;
        if (at > check->size) {
            return damaged(check, "a text passes its end");
        }
    }
    return true;
}

/* Where in the table the reference leads to; 0: nowhere. */
static size_t place_of(const struct check *check, const ref *from)
{
    int64_t at = ((const char *)from - check->base) + (int64_t)*from;
    return *from == 0 || at <= 0 || (size_t)at >= check->size ? 0 : (size_t)at;
}

static bool get_text(const struct check *check, const ref *from, struct gw_view *out)
{
    size_t at = place_of(check, from);
    *out = GW_VIEW_NONE;
    if (*from == 0) {
        return true;
    }
    if (at < check->texts_at || at % 4 != 0) {
        return false;
    }
    size_t slot = (at - check->texts_at) / 4;
    if ((check->text_starts[slot / 8] & 1u << slot % 8) == 0) {
        return false;
    }
    *out = text_at(check, at);
    return true;
}

static bool check_text(const struct check *check, const ref *from, const char *what)
{
    struct gw_view text;
    return get_text(check, from, &text) || damaged(check, what);
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
/* RFC 9110, token */
#define TOKEN LOWER UPPER DIGITS "!#$%&'*+-.^_`|~"
/* RFC 3986 without the space of any, and the braces of labels */
#define PATH LOWER UPPER DIGITS "-._~:/?#[]@!$&'()*+,;=%{}"

static bool consists_of(struct gw_view text, const char *set)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\0' || !strchr(set, text.data[i])) {
            return false;
        }
    }
    return true;
}

/* A text made of the characters of `set`; needed where `needed`. */
static bool check_word(const struct check *check, const ref *from, const char *set, bool needed,
                       const char *what)
{
    struct gw_view text;
    return (get_text(check, from, &text) && (text.len > 0 || !needed) && consists_of(text, set)) ||
           damaged(check, what);
}

/* ---- records --------------------------------------------------------------------------------- */

/* `count` records of `size` bytes lie before the texts; NULL where they do not, or there are none.
 */
static const void *get_records(const struct check *check, const ref *from, size_t count,
                               size_t size, size_t align)
{
    size_t at = place_of(check, from);
    bool fits = at >= sizeof(struct gw_models) && at < check->texts_at && at % align == 0 &&
                count <= (check->texts_at - at) / size;
    return fits && count > 0 ? check->base + at : NULL;
}

/* As get_records, of an array that nobody else refers to. No records: any reference will do. */
static bool get_array(struct check *check, const ref *from, size_t count, size_t size,
                      const void **out)
{
    *out = get_records(check, from, count, size, size % 4 == 0 ? 4 : 2);
    check->claimed += count * size;
    return (*out != NULL || count == 0) && check->claimed <= check->size;
}

static bool check_text_array(struct check *check, const ref *from, size_t count, const char *what)
{
    const void *array;
    if (!get_array(check, from, count, sizeof(ref), &array)) {
        return damaged(check, what);
    }
    for (size_t i = 0; i < count; i++) {
        if (!check_text(check, (const ref *)array + i, what)) {
            return false;
        }
    }
    return true;
}

static bool check_order(struct check *check, const ref *from, size_t count, const char *what)
{
    const void *array;
    if (!get_array(check, from, count, sizeof(uint16_t), &array)) {
        return damaged(check, what);
    }
    for (size_t i = 0; i < count; i++) {
        if (((const uint16_t *)array)[i] >= count) {
            return damaged(check, what);
        }
    }
    return true;
}

/* One of `count` records side by side from `first` on. */
static bool is_one_of(const void *target, const void *first, size_t count, size_t size)
{
    const char *at = target, *begin = first;
    return at && begin && at >= begin && at < begin + count * size &&
           (size_t)(at - begin) % size == 0;
}

static bool check_shape_ref(const struct check *check, const ref *from, bool needed,
                            const char *what)
{
    if (*from == 0 && !needed) {
        return true;
    }
    size_t at = place_of(check, from);
    return (at > 0 && is_one_of(check->base + at, target(&check->service->shapes),
                                check->service->shape_count, sizeof(struct gw_shape))) ||
           damaged(check, what);
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static bool check_extra(const struct check *check, const ref *from)
{
    const struct extra *extra = get_records(check, from, 1, sizeof *extra, 4);
    if (!extra) {
        return *from == 0 || damaged(check, "member: extra");
    }
    return check_text(check, &extra->query_name, "member: query name") &&
           check_text(check, &extra->xml_namespace, "member: namespace") &&
           check_text(check, &extra->xml_prefix, "member: prefix") &&
           check_text(check, &extra->context_param, "member: context");
}

static bool check_member(const struct check *check, const struct gw_member *member)
{
    bool in_header =
        member->location == GW_LOCATION_HEADER || member->location == GW_LOCATION_HEADERS;
    if (member->location > GW_LOCATION_STATUS || member->timestamp_format > GW_TIME_UNIX) {
        return damaged(check, "member: location or time");
    }
    return check_text(check, &member->name, "member: name") &&
           (in_header ? check_word(check, &member->wire_name, TOKEN, false, "member: header")
                      : check_text(check, &member->wire_name, "member: wire name")) &&
           check_shape_ref(check, &member->shape, true, "member: shape") &&
           check_extra(check, &member->extra);
}

static bool check_range(const struct check *check, const ref *from)
{
    const struct range *range = get_records(check, from, 1, sizeof *range, 8);
    return *from == 0 || (range && isfinite(range->min) && isfinite(range->max)) ||
           damaged(check, "shape: range");
}

static bool has_right_members(const struct gw_shape *shape)
{
    switch (shape->type) {
    case GW_SHAPE_STRUCTURE:
        return shape->payload <= shape->member_count;
    case GW_SHAPE_LIST:
        return shape->member_count == 1 && shape->payload == 0;
    case GW_SHAPE_MAP:
        return shape->member_count == 2 && shape->payload == 0;
    default:
        return shape->type <= GW_SHAPE_TIMESTAMP && shape->member_count == 0 && shape->payload == 0;
    }
}

static bool check_members(struct check *check, const struct gw_shape *shape)
{
    const void *members;
    size_t named = shape->type == GW_SHAPE_STRUCTURE ? shape->member_count : 0;
    if (!get_array(check, &shape->members, shape->member_count, sizeof(struct gw_member),
                   &members)) {
        return damaged(check, "shape: members");
    }
    for (size_t i = 0; i < shape->member_count; i++) {
        if (!check_member(check, (const struct gw_member *)members + i)) {
            return false;
        }
    }
    return check_order(check, &shape->members_by_name, named, "shape: members by name");
}

static bool check_shape(struct check *check, const struct gw_shape *shape)
{
    if (!has_right_members(shape) || shape->timestamp_format > GW_TIME_UNIX) {
        return damaged(check, "shape: type, members, payload or time");
    }
    return check_text(check, &shape->name, "shape: name") &&
           check_text(check, &shape->wire_name, "shape: wire name") &&
           check_text(check, &shape->xml_namespace, "shape: namespace") &&
           check_text(check, &shape->xml_prefix, "shape: prefix") &&
           check_text(check, &shape->error_code, "shape: error code") &&
           check_range(check, &shape->range) && check_members(check, shape) &&
           check_text_array(check, &shape->enums, shape->enum_count, "shape: enum");
}

static bool check_shapes(struct check *check, const struct gw_service *service)
{
    const void *shapes;
    if (!get_array(check, &service->shapes, service->shape_count, sizeof(struct gw_shape),
                   &shapes)) {
        return damaged(check, "service: shapes");
    }
    for (size_t i = 0; i < service->shape_count; i++) {
        if (!check_shape(check, (const struct gw_shape *)shapes + i)) {
            return false;
        }
    }
    return true;
}

/* ---- operations ------------------------------------------------------------------------------ */

static bool check_paginator(struct check *check, const ref *from)
{
    const void *record;
    if (*from == 0) {
        return true;
    }
    if (!get_array(check, from, 1, sizeof(struct gw_paginator), &record)) {
        return damaged(check, "operation: paginator");
    }
    const struct gw_paginator *paginator = record;
    for (size_t i = 0; i < sizeof paginator->counts / sizeof *paginator->counts; i++) {
        if (!check_text_array(check, &paginator->texts[i], paginator->counts[i],
                              "paginator: tokens and keys")) {
            return false;
        }
    }
    return check_text(check, &paginator->limit_key, "paginator: limit") &&
           check_text(check, &paginator->more_results, "paginator: more");
}

static bool check_checksum(struct check *check, const ref *from)
{
    const void *record;
    if (*from == 0) {
        return true;
    }
    if (!get_array(check, from, 1, sizeof(struct checksum), &record)) {
        return damaged(check, "operation: checksum");
    }
    const struct checksum *checksum = record;
    return check_text(check, &checksum->request, "checksum: request") &&
           check_text(check, &checksum->validation, "checksum: validation") &&
           check_text_array(check, &checksum->responses, checksum->response_count,
                            "checksum: responses");
}

static bool check_contexts(struct check *check, const struct gw_operation *op)
{
    const void *contexts;
    if (!get_array(check, &op->contexts, op->context_count, sizeof(struct context), &contexts)) {
        return damaged(check, "operation: contexts");
    }
    for (size_t i = 0; i < op->context_count; i++) {
        const struct context *context = (const struct context *)contexts + i;
        if (!check_text(check, &context->name, "context: name") ||
            !check_text(check, &context->json, "context: json") ||
            !check_text(check, &context->path, "context: path")) {
            return false;
        }
    }
    return true;
}

static bool check_errors(struct check *check, const struct gw_operation *op)
{
    const void *errors;
    if (!get_array(check, &op->errors, op->error_count, sizeof(ref), &errors)) {
        return damaged(check, "operation: errors");
    }
    for (size_t i = 0; i < op->error_count; i++) {
        if (!check_shape_ref(check, (const ref *)errors + i, true, "operation: error")) {
            return false;
        }
    }
    return true;
}

static bool is_structure(const ref *from)
{
    const struct gw_shape *shape = target(from);
    return !shape || shape->type == GW_SHAPE_STRUCTURE;
}

static bool check_operation(struct check *check, const struct gw_operation *op)
{
    struct gw_view uri;
    if (place_of(check, &op->service) != (size_t)((const char *)check->service - check->base) ||
        op->effect > GW_EFFECT_DESTROY || op->auth > GW_AUTH_BEARER ||
        op->flags >> 1 > GW_DISCOVERY_ANSWERS) {
        return damaged(check, "operation: service, effect, auth or discovery");
    }
    if (!check_shape_ref(check, &op->input, false, "operation: input") ||
        !check_shape_ref(check, &op->output, false, "operation: output")) {
        return false;
    }
    if (!is_structure(&op->input) || !is_structure(&op->output)) {
        return damaged(check, "operation: input or output is no structure");
    }
    if (!get_text(check, &op->uri, &uri) || !gw_view_starts_with(uri, GW_VIEW("/"))) {
        return damaged(check, "operation: uri");
    }
    return check_word(check, &op->name, LOWER UPPER DIGITS "_", true, "operation: name") &&
           check_word(check, &op->snake_name, LOWER DIGITS "_", true, "operation: snake name") &&
           check_word(check, &op->http_method, UPPER, true, "operation: method") &&
           check_word(check, &op->uri, PATH, true, "operation: uri") &&
           check_word(check, &op->host_prefix, LOWER UPPER DIGITS "-.{}", false,
                      "operation: host prefix") &&
           check_text(check, &op->result_wrapper, "operation: wrapper") &&
           check_errors(check, op) && check_paginator(check, &op->paginator) &&
           check_checksum(check, &op->checksum) && check_contexts(check, op);
}

static bool check_operations(struct check *check, const struct gw_service *service)
{
    const void *operations;
    if (!get_array(check, &service->operations, service->operation_count,
                   sizeof(struct gw_operation), &operations)) {
        return damaged(check, "service: operations");
    }
    for (size_t i = 0; i < service->operation_count; i++) {
        if (!check_operation(check, (const struct gw_operation *)operations + i)) {
            return false;
        }
    }
    return check_order(check, &service->operations_by_name, service->operation_count,
                       "service: operations by name");
}

/* ---- waiters --------------------------------------------------------------------------------- */

static bool check_acceptor(const struct check *check, const struct acceptor *acceptor)
{
    return ((acceptor->matcher <= GW_MATCH_ERROR && acceptor->state <= GW_WAITER_RETRY) ||
            damaged(check, "acceptor: matcher or state")) &&
           check_text(check, &acceptor->argument, "acceptor: argument") &&
           check_text(check, &acceptor->expected_json, "acceptor: expected");
}

static bool check_waiter(struct check *check, const struct gw_waiter *waiter)
{
    const void *acceptors;
    size_t at = place_of(check, &waiter->operation);
    if (at == 0 || !is_one_of(check->base + at, target(&check->service->operations),
                              check->service->operation_count, sizeof(struct gw_operation))) {
        return damaged(check, "waiter: operation");
    }
    if (!get_array(check, &waiter->acceptors, waiter->acceptor_count, sizeof(struct acceptor),
                   &acceptors)) {
        return damaged(check, "waiter: acceptors");
    }
    for (size_t i = 0; i < waiter->acceptor_count; i++) {
        if (!check_acceptor(check, (const struct acceptor *)acceptors + i)) {
            return false;
        }
    }
    return check_word(check, &waiter->name, LOWER UPPER DIGITS "_", true, "waiter: name") &&
           check_word(check, &waiter->snake_name, LOWER DIGITS "_", true, "waiter: snake name");
}

static bool check_waiters(struct check *check, const struct gw_service *service)
{
    const void *waiters;
    if (!get_array(check, &service->waiters, service->waiter_count, sizeof(struct gw_waiter),
                   &waiters)) {
        return damaged(check, "service: waiters");
    }
    for (size_t i = 0; i < service->waiter_count; i++) {
        if (!check_waiter(check, (const struct gw_waiter *)waiters + i)) {
            return false;
        }
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool check_service(struct check *check, const struct gw_service *service)
{
    check->service = service;
    if (service->protocol > GW_PROTOCOL_CBOR) {
        return damaged(check, "service: protocol");
    }
    return check_word(check, &service->name, LOWER DIGITS "-", true, "service: name") &&
           check_text(check, &service->id, "service: id") &&
           check_word(check, &service->iam_prefix, TOKEN, false, "service: IAM prefix") &&
           check_word(check, &service->signing_name, TOKEN, false, "service: signing name") &&
           check_word(check, &service->endpoint_prefix, TOKEN, false, "service: endpoint prefix") &&
           check_text(check, &service->api_version, "service: version") &&
           check_text(check, &service->target_prefix, "service: target prefix") &&
           check_text(check, &service->json_version, "service: JSON version") &&
           check_text(check, &service->xml_namespace, "service: namespace") &&
           check_text(check, &service->endpoint_rules, "service: endpoint rules") &&
           check_shapes(check, service) && check_operations(check, service) &&
           check_waiters(check, service);
}

static bool check_all(struct check *check, const struct gw_models *models)
{
    const void *services;
    if (!check_texts(check)) {
        return false;
    }
    if (!get_array(check, &models->services, models->service_count, sizeof(struct gw_service),
                   &services)) {
        return damaged(check, "services");
    }
    for (size_t i = 0; i < models->service_count; i++) {
        if (!check_service(check, (const struct gw_service *)services + i)) {
            return false;
        }
    }
    return true;
}

bool gw_models_check(const struct gw_models *models, struct gw_err *err)
{
    struct check check = {.base = (const char *)models,
                          .size = models->size_bytes,
                          .texts_at = models->texts_at,
                          .err = err};
    if (check.size > GW_MODELS_MAX_BYTES) {
        return gw_fail(err, GW_ERR_LIMIT, "models: larger than %u bytes", GW_MODELS_MAX_BYTES);
    }
    if (check.size % 8 != 0 || check.texts_at % 4 != 0 || check.texts_at > check.size ||
        check.texts_at < sizeof *models) {
        return damaged(&check, "header");
    }
    check.text_starts = gw_alloc((check.size - check.texts_at) / 32 + 1);
    bool ok = check_all(&check, models);
    free(check.text_starts);
    return ok;
}
