/* client: what the calls of one account and region share: credentials, endpoints, paces, the
 * correction of the clock, and chance. */
#include "aws/internal.h"

#include <stdio.h>
#include <stdlib.h>

struct gw_bucket_entry {
    struct gw_bucket_entry *next;
    struct gw_view bucket, region;
};

struct gw_client *gw_client_new(const struct gw_client_options *options)
{
    struct gw_client *client = gw_alloc(sizeof *client);
    client->options = *options;
    client->arena = gw_arena_new();
    client->identity = options->identity;
    if (!client->identity) {
        struct gw_identity_options own = {.loop = options->loop,
                                          .transport = options->transport,
                                          .config = options->config,
                                          .settings = options->settings,
                                          .given = options->credentials,
                                          .user_agent = options->user_agent};
        client->identity = client->own_identity = gw_identity_new(&own);
    }
    client->random_state = gw_loop_is_virtual(options->loop) ? options->seed : 0;
    return client;
}

void gw_client_free(struct gw_client *client)
{
    if (!client) {
        return;
    }
    while (client->calls) {
        gw_call_cancel(client->calls);
    }
    gw_pace_free_all(client);
    gw_identity_free(client->own_identity);
    gw_arena_free(client->arena);
    free(client);
}

int64_t gw_client_epoch_s(const struct gw_client *client)
{
    return (gw_loop_wall_ms(client->options.loop) + client->skew_ms) / 1000;
}

struct gw_client_facts gw_client_get_facts(struct gw_client *client)
{
    const struct gw_credentials *credentials = gw_identity_peek(client->identity);
    struct gw_client_facts facts = {.knows_clock = client->knows_clock,
                                    .ahead_s = client->ahead_s,
                                    .renews = gw_identity_renews(client->identity)};
    if (credentials) {
        facts.credentials_source = credentials->source;
        facts.expires_epoch_s = credentials->expires_epoch_s;
    }
    return facts;
}

/* ---- chance ---------------------------------------------------------------------------------- */

/* SplitMix64 for a seeded client, so that a simulated run can be had again. */
static uint64_t random_bits(struct gw_client *client)
{
    uint64_t bits;
    if (client->random_state == 0) {
        gw_random(&bits, sizeof bits);
        return bits;
    }
    client->random_state += 0x9e3779b97f4a7c15u;
    bits = client->random_state;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

double gw_client_random(struct gw_client *client)
{
    return (double)(random_bits(client) >> 11) / (double)(1ull << 53);
}

void gw_client_uuid(struct gw_client *client, char out[37])
{
    if (client->random_state == 0) {
        gw_uuid4(out);
        return;
    }
    uint64_t high = (random_bits(client) & ~0xf000ull) | 0x4000;         /* version 4 */
    uint64_t low = (random_bits(client) & ~(3ull << 62)) | (2ull << 62); /* variant 1 */
    snprintf(out, 37, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xffff, (unsigned)(low >> 48),
             (unsigned long long)low & 0xffffffffffffull);
}

/* ---- endpoints ------------------------------------------------------------------------------- */

static struct gw_view region_of(const struct gw_client *client, struct gw_view bucket)
{
    const struct gw_bucket_entry *entry = client->buckets;
    while (entry && !gw_view_equal(entry->bucket, bucket)) {
        entry = entry->next;
    }
    return entry ? entry->region : GW_VIEW_NONE;
}

/* What was learned later is found first. */
void gw_client_learn_region(struct gw_client *client, struct gw_view bucket, struct gw_view region)
{
    struct gw_bucket_entry *entry = gw_arena_alloc(client->arena, sizeof *entry);
    *entry = (struct gw_bucket_entry){client->buckets, gw_arena_dup(client->arena, bucket),
                                      gw_arena_dup(client->arena, region)};
    client->buckets = entry;
}

bool gw_client_endpoint(struct gw_client *client, const struct gw_operation *op,
                        const struct gw_value *context, struct gw_view account_id,
                        struct gw_arena *arena, struct gw_endpoint *out, struct gw_err *err)
{
    struct gw_endpoint_query query = {
        .config = client->options.config,
        .settings = &client->options.settings,
        .op = op,
        .context = context,
        .account_id = account_id,
        .region = region_of(client, gw_custom_bucket(op, context)),
    };
    return gw_endpoint_resolve(&query, arena, out, err);
}
