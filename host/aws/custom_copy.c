/* custom_copy: copies of what is in another region. The service of this region fetches it in the
 * caller's name, with a URL of the same call that is signed for the other region: botocore/handlers.py,
 * inject_presigned_url_ec2 and inject_presigned_url_rds. See customisations.c. */
#include "aws/internal.h"

#define EXPIRES_S 3600

static struct gw_view add_pair(struct gw_view form, const char *key, struct gw_view text,
                               struct gw_arena *arena)
{
    struct gw_buf out;
    gw_buf_init(&out, GW_PROTOCOL_MAX_BYTES);
    gw_buf_add(&out, form);
    gw_protocol_write_form_pair(gw_view_of(key), text, &out);
    struct gw_view longer = gw_arena_dup(arena, gw_buf_view(&out));
    gw_buf_clear(&out);
    return longer;
}

/* The call as the service of the other region is asked it. */
static bool sign_for_source(struct gw_client *client, const struct gw_outgoing *out,
                            struct gw_view form, const struct gw_credentials *credentials,
                            struct gw_arena *arena, struct gw_view *url, struct gw_err *err)
{
    struct gw_endpoint source;
    struct gw_endpoint_query query = {.config = client->options.config,
                                      .settings = &client->options.settings,
                                      .op = out->op,
                                      .context = &out->context,
                                      .account_id = credentials->account_id,
                                      .region = out->custom->source_region};
    if (!gw_endpoint_resolve(&query, arena, &source, err)) {
        return false;
    }
    struct gw_http_request req = {
        .method = GW_VIEW("GET"),
        .url = gw_arena_printf(arena, "%.*s/?%.*s", GW_VIEW_ARGS(source.url), GW_VIEW_ARGS(form))};
    struct gw_signing signing = {.credentials = credentials,
                                 .region = source.signing_region,
                                 .service = source.signing_name,
                                 .epoch_s = gw_client_epoch_s(client),
                                 .expires_s = EXPIRES_S};
    if (!gw_sigv4_presign(&req, &signing, arena, NULL, err)) {
        return false;
    }
    *url = req.url;
    return true;
}

bool gw_custom_add_source_url(struct gw_client *client, struct gw_outgoing *out,
                              const struct gw_credentials *credentials, struct gw_arena *arena,
                              struct gw_err *err)
{
    struct gw_view url;
    if (out->custom->source_region.len == 0) {
        return true;
    }
    if (!out->form.data) {
        out->form = out->http.body; /* of every attempt, which signs anew */
    }
    struct gw_view form =
        add_pair(out->form, "DestinationRegion", out->endpoint.signing_region, arena);
    if (!sign_for_source(client, out, form, credentials, arena, &url, err)) {
        return false;
    }
    out->http.body = add_pair(out->custom->tells_destination ? form : out->form,
                              out->custom->source_url_name.data, url, arena);
    return true;
}
