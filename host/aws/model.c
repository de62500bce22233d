/* model: the compiled API models as objects. The table is what host/models/compile.lua wrote: fixed
 * records that refer to one another by a distance in bytes, so an object is a pointer into it and
 * nothing is built at start. What is read here was made by our own compiler or has passed
 * gw_models_check: nothing is looked at twice. */
#include "aws/model_table.h"

#include <string.h>

/* ---- references ----------------------------------------------------------------------------- */

static struct gw_view text(const ref *from)
{
    const char *at = target(from);
    if (at == NULL) {
        return GW_VIEW_NONE;
    }
    uint32_t len;
    memcpy(&len, at, sizeof len);
    return (struct gw_view){at + sizeof len, len};
}

static struct gw_view text_item(const ref *array, size_t index)
{
    return text((const ref *)target(array) + index);
}

/* Binary search: the index of `name` among `count` names in ascending order, else GW_NPOS. */
typedef struct gw_view name_at_fn(const void *owner, size_t index);

static size_t search(const void *owner, size_t count, name_at_fn *name_at, struct gw_view name)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        int order = gw_view_compare(name_at(owner, middle), name);
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    return GW_NPOS;
}

/* Accessors that only read a field. */
#define TEXT(type, field)                                                                          \
    struct gw_view gw_##type##_##field(const struct gw_##type *of)                                 \
    {                                                                                              \
        return text(&of->field);                                                                   \
    }
#define FIELD(result, type, field)                                                                 \
    result gw_##type##_##field(const struct gw_##type *of)                                         \
    {                                                                                              \
        return (result)of->field;                                                                  \
    }
#define OBJECT(result, type, field)                                                                \
    const struct gw_##result *gw_##type##_##field(const struct gw_##type *of)                      \
    {                                                                                              \
        return target(&of->field);                                                                 \
    }

/* ---- the table ------------------------------------------------------------------------------ */

extern const char gw_models_blob[] __attribute__((visibility("hidden")));

const struct gw_models *gw_models_builtin(void)
{
    return (const struct gw_models *)(const void *)gw_models_blob;
}

extern const char gw_rules_blob[] __attribute__((visibility("hidden")));
extern const char gw_rules_blob_end[] __attribute__((visibility("hidden")));

struct gw_view gw_models_rules(void)
{
    /* cppcheck-suppress comparePointers ; the two ends of one object of the assembler's */
    return (struct gw_view){gw_rules_blob, (size_t)(gw_rules_blob_end - gw_rules_blob)};
}

const struct gw_models *gw_models_open(struct gw_view bytes, struct gw_err *err)
{
    const struct gw_models *models = (const void *)bytes.data;
    if (bytes.len < sizeof *models || memcmp(models->magic, "gwmodels", 8) != 0) {
        gw_fail(err, GW_ERR_INPUT, "models: not a table of API models");
        return NULL;
    }
    if (models->version != TABLE_VERSION) {
        gw_fail(err, GW_ERR_INPUT, "models: table has version %u, this program reads version %d",
                models->version, TABLE_VERSION);
        return NULL;
    }
    if (models->size_bytes != bytes.len) {
        gw_fail(err, GW_ERR_INPUT, "models: table says it has %u bytes, but %zu came",
                models->size_bytes, bytes.len);
        return NULL;
    }
    return models;
}

size_t gw_models_count(const struct gw_models *models)
{
    return models->service_count;
}

const struct gw_service *gw_models_service(const struct gw_models *models, size_t index)
{
    return (const struct gw_service *)target(&models->services) + index;
}

static struct gw_view service_name_at(const void *models, size_t index)
{
    return gw_service_name(gw_models_service(models, index));
}

const struct gw_service *gw_models_find(const struct gw_models *models, struct gw_view name)
{
    size_t index = search(models, models->service_count, service_name_at, name);
    return index == GW_NPOS ? NULL : gw_models_service(models, index);
}

const struct gw_service *gw_models_next_signing_name(const struct gw_models *models,
                                                     struct gw_view signing_name,
                                                     const struct gw_service *after)
{
    const struct gw_service *first = gw_models_service(models, 0);
    const struct gw_service *end = first + models->service_count;
    for (const struct gw_service *it = after == NULL ? first : after + 1; it < end; it++) {
        if (gw_view_equal(gw_service_signing_name(it), signing_name)) {
            return it;
        }
    }
    return NULL;
}

/* ---- services ------------------------------------------------------------------------------- */

TEXT(service, name)
TEXT(service, id)
TEXT(service, iam_prefix)
TEXT(service, signing_name)
TEXT(service, endpoint_prefix)
TEXT(service, api_version)
TEXT(service, target_prefix)
TEXT(service, json_version)
TEXT(service, xml_namespace)
TEXT(service, endpoint_rules)
FIELD(enum gw_protocol, service, protocol)
FIELD(bool, service, query_compatible)
FIELD(size_t, service, operation_count)
FIELD(size_t, service, waiter_count)

const struct gw_operation *gw_service_operation(const struct gw_service *service, size_t index)
{
    return (const struct gw_operation *)target(&service->operations) + index;
}

static struct gw_view snake_name_at(const void *service, size_t index)
{
    return gw_operation_snake_name(gw_service_operation(service, index));
}

static const struct gw_operation *operation_by_name(const struct gw_service *service, size_t index)
{
    const uint16_t *order = target(&service->operations_by_name);
    return gw_service_operation(service, order[index]);
}

static struct gw_view operation_name_at(const void *service, size_t index)
{
    return gw_operation_name(operation_by_name(service, index));
}

const struct gw_operation *gw_service_find_operation(const struct gw_service *service,
                                                     struct gw_view name)
{
    size_t index = search(service, service->operation_count, snake_name_at, name);
    if (index != GW_NPOS) {
        return gw_service_operation(service, index);
    }
    index = search(service, service->operation_count, operation_name_at, name);
    return index == GW_NPOS ? NULL : operation_by_name(service, index);
}

const struct gw_waiter *gw_service_waiter(const struct gw_service *service, size_t index)
{
    return (const struct gw_waiter *)target(&service->waiters) + index;
}

const struct gw_waiter *gw_service_find_waiter(const struct gw_service *service,
                                               struct gw_view name)
{
    for (size_t i = 0; i < service->waiter_count; i++) {
        const struct gw_waiter *waiter = gw_service_waiter(service, i);
        if (gw_view_equal(text(&waiter->snake_name), name) ||
            gw_view_equal(text(&waiter->name), name)) {
            return waiter;
        }
    }
    return NULL;
}

/* ---- operations ----------------------------------------------------------------------------- */

TEXT(operation, name)
TEXT(operation, snake_name)
TEXT(operation, http_method)
TEXT(operation, uri)
TEXT(operation, host_prefix)
TEXT(operation, result_wrapper)
FIELD(enum gw_effect, operation, effect)
FIELD(int, operation, response_code)
FIELD(size_t, operation, error_count)
OBJECT(service, operation, service)
OBJECT(shape, operation, input)
OBJECT(shape, operation, output)
OBJECT(paginator, operation, paginator)

FIELD(enum gw_auth, operation, auth)
FIELD(size_t, operation, context_count)

bool gw_operation_compresses(const struct gw_operation *op)
{
    return op->flags & 1;
}

enum gw_discovery_role gw_operation_discovery(const struct gw_operation *op)
{
    return (enum gw_discovery_role)(op->flags >> 1);
}

struct gw_checksum gw_operation_checksum(const struct gw_operation *op)
{
    const struct checksum *at = target(&op->checksum);
    if (at == NULL) {
        return (struct gw_checksum){0};
    }
    return (struct gw_checksum){.required = at->required != 0,
                                .request_member = text(&at->request),
                                .validation_member = text(&at->validation),
                                .response_count = at->response_count};
}

struct gw_view gw_operation_response_checksum(const struct gw_operation *op, size_t index)
{
    const struct checksum *at = target(&op->checksum);
    return text_item(&at->responses, index);
}

struct gw_context gw_operation_context(const struct gw_operation *op, size_t index)
{
    const struct context *at = (const struct context *)target(&op->contexts) + index;
    return (struct gw_context){text(&at->name), text(&at->json), text(&at->path)};
}

const struct gw_shape *gw_operation_error(const struct gw_operation *op, size_t index)
{
    return target((const ref *)target(&op->errors) + index);
}

/* ---- shapes --------------------------------------------------------------------------------- */

TEXT(shape, name)
TEXT(shape, wire_name)
TEXT(shape, xml_namespace)
TEXT(shape, xml_prefix)
TEXT(shape, error_code)
FIELD(enum gw_shape_type, shape, type)
FIELD(unsigned, shape, flags)
FIELD(unsigned, shape, timestamp_format)
FIELD(int, shape, error_status)
FIELD(size_t, shape, enum_count)

double gw_shape_min(const struct gw_shape *shape)
{
    const struct range *range = target(&shape->range);
    return range == NULL ? 0 : range->min;
}

double gw_shape_max(const struct gw_shape *shape)
{
    const struct range *range = target(&shape->range);
    return range == NULL ? 0 : range->max;
}

struct gw_view gw_shape_enum(const struct gw_shape *shape, size_t index)
{
    return text_item(&shape->enums, index);
}

/* In the table a list has one member and a map has two: its key and its value. */
static const struct gw_member *member_at(const struct gw_shape *shape, size_t index)
{
    return (const struct gw_member *)target(&shape->members) + index;
}

size_t gw_shape_member_count(const struct gw_shape *shape)
{
    return shape->type == GW_SHAPE_STRUCTURE ? shape->member_count : 0;
}

const struct gw_member *gw_shape_member(const struct gw_shape *shape, size_t index)
{
    return member_at(shape, index);
}

static const struct gw_member *member_by_name(const struct gw_shape *shape, size_t index)
{
    const uint16_t *order = target(&shape->members_by_name);
    return member_at(shape, order[index]);
}

static struct gw_view member_name_at(const void *shape, size_t index)
{
    return gw_member_name(member_by_name(shape, index));
}

const struct gw_member *gw_shape_find_member(const struct gw_shape *shape, struct gw_view name)
{
    size_t index = search(shape, gw_shape_member_count(shape), member_name_at, name);
    return index == GW_NPOS ? NULL : member_by_name(shape, index);
}

const struct gw_member *gw_shape_payload(const struct gw_shape *shape)
{
    return shape->payload == 0 ? NULL : member_at(shape, shape->payload - 1u);
}

bool gw_shape_takes_token(const struct gw_shape *shape)
{
    for (size_t i = 0; shape && i < gw_shape_member_count(shape); i++) {
        if (gw_member_flags(gw_shape_member(shape, i)) & GW_MEMBER_IDEMPOTENCY_TOKEN) {
            return true;
        }
    }
    return false;
}

const struct gw_member *gw_shape_element(const struct gw_shape *list)
{
    return list->type == GW_SHAPE_LIST ? member_at(list, 0) : NULL;
}

const struct gw_member *gw_shape_key(const struct gw_shape *map)
{
    return map->type == GW_SHAPE_MAP ? member_at(map, 0) : NULL;
}

const struct gw_member *gw_shape_value(const struct gw_shape *map)
{
    return map->type == GW_SHAPE_MAP ? member_at(map, 1) : NULL;
}

/* ---- members -------------------------------------------------------------------------------- */

#define EXTRA_TEXT(field)                                                                          \
    struct gw_view gw_member_##field(const struct gw_member *member)                               \
    {                                                                                              \
        const struct extra *extra = target(&member->extra);                                        \
        return extra == NULL ? GW_VIEW_NONE : text(&extra->field);                                 \
    }

TEXT(member, name)
TEXT(member, wire_name)
EXTRA_TEXT(query_name)
EXTRA_TEXT(xml_namespace)
EXTRA_TEXT(xml_prefix)
EXTRA_TEXT(context_param)
OBJECT(shape, member, shape)
FIELD(enum gw_location, member, location)
FIELD(unsigned, member, flags)
FIELD(unsigned, member, timestamp_format)

/* ---- paginators and waiters ----------------------------------------------------------------- */

TEXT(paginator, limit_key)
TEXT(paginator, more_results)

size_t gw_paginator_count(const struct gw_paginator *paginator, enum gw_paginator_field field)
{
    return paginator->counts[field];
}

struct gw_view gw_paginator_text(const struct gw_paginator *paginator,
                                 enum gw_paginator_field field, size_t index)
{
    return text_item(&paginator->texts[field], index);
}

TEXT(waiter, name)
TEXT(waiter, snake_name)
OBJECT(operation, waiter, operation)
FIELD(int, waiter, delay_s)
FIELD(int, waiter, max_attempts)
FIELD(size_t, waiter, acceptor_count)

struct gw_acceptor gw_waiter_acceptor(const struct gw_waiter *waiter, size_t index)
{
    const struct acceptor *at = (const struct acceptor *)target(&waiter->acceptors) + index;
    return (struct gw_acceptor){.matcher = (enum gw_matcher)at->matcher,
                                .state = (enum gw_waiter_state)at->state,
                                .argument = text(&at->argument),
                                .expected_json = text(&at->expected_json)};
}
