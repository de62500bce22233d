/* Presigns the calls that come as JSON lines on stdin; prints one URL a line, or "error: ...".
 * {"service","operation","input":{},"region","token","time":epoch seconds,"expires"} */
#include "aws/aws.h"
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

static void print_url(void *ctx, const struct gw_http_request *req, const struct gw_err *err)
{
    (void)ctx;
    if (req) {
        printf("%.*s\n", GW_VIEW_ARGS(req->url));
    } else {
        printf("error: %s\n", err->message);
    }
}

static const struct gw_operation *find(const struct gw_value *line)
{
    const struct gw_service *service =
        gw_models_find(gw_models_builtin(), gw_map_text(line, GW_VIEW("service")));
    return service ? gw_service_find_operation(service, gw_map_text(line, GW_VIEW("operation")))
                   : NULL;
}

static void presign(const struct gw_value *line, struct gw_loop *loop,
                    const struct gw_config *config, struct gw_err *err)
{
    struct gw_client_options options = {
        .loop = loop,
        .config = config,
        .settings = {.profile = GW_VIEW("default"),
                     .region = gw_map_text(line, GW_VIEW("region")),
                     .retry_mode = GW_RETRY_STANDARD},
        .credentials = {.access_key_id = GW_VIEW("AKIDEXAMPLE"),
                        .secret_access_key = GW_VIEW("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                        .session_token = gw_map_text(line, GW_VIEW("token")),
                        .source = GW_VIEW("the test")},
        .seed = 7,
    };
    struct gw_client *client = gw_client_new(&options);
    struct gw_presign_request request = {
        .op = find(line),
        .input = gw_map_get(line, GW_VIEW("input")),
        .expires_s = gw_map_get(line, GW_VIEW("expires"))->as.integer,
        .done = print_url,
    };
    if (!request.op) {
        gw_fail(err, GW_ERR_NOT_FOUND, "no such operation");
    } else if (gw_presign_start(client, &request, err)) {
        while (gw_loop_step(loop)) {
        }
    }
    gw_client_free(client);
}

static void presign_text(struct gw_view text, struct gw_arena *arena,
                         const struct gw_config *config)
{
    struct gw_value line;
    struct gw_err err = {0};
    if (gw_json_parse(text, arena, &line, &err)) {
        int64_t epoch_s = gw_map_get(&line, GW_VIEW("time"))->as.integer;
        struct gw_loop *loop = gw_loop_new(
            &(struct gw_loop_options){.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = epoch_s * 1000});
        presign(&line, loop, config, &err);
        gw_loop_free(loop);
    }
    if (err.code != GW_ERR_NONE) {
        printf("error: %s\n", err.message);
    }
}

int main(void)
{
    char *text = NULL;
    size_t capacity = 0;
    ssize_t len;
    struct gw_config *config = gw_config_parse(GW_VIEW(""), GW_VIEW(""), NULL);
    struct gw_arena *arena = gw_arena_new();
    while ((len = getline(&text, &capacity, stdin)) > 0) {
        presign_text((struct gw_view){text, (size_t)len}, arena, config);
        gw_arena_clear(arena);
    }
    free(text);
    gw_arena_free(arena);
    gw_config_close(config);
    return 0;
}
