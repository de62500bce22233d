/* Prepares the calls that come as JSON lines on stdin and prints the request that would go out, a line
 * each: {"headers":{},"body":base64}, or {"error"}.
 * {"service","operation","input":{},"file":path of the stream,"config":text,"endpoint_url"} */
#include "aws/aws.h"
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

#define BODY_MAX_BYTES (32u << 20)

/* A transport that shows the request and sends nothing. */
struct window {
    struct gw_transport base;
    struct gw_arena *arena;
    struct gw_value *out;
};

static struct gw_value *add(struct gw_arena *arena, struct gw_value *map, const char *key)
{
    return gw_map_add(arena, map, gw_view_of(key));
}

static bool read_source(const struct gw_body_source *source, struct gw_buf *body,
                        struct gw_err *err)
{
    char piece[10000];
    size_t len = 1;
    bool ok = source->rewind(source->ctx, err);
    while (ok && len > 0) {
        ok = source->read(source->ctx, piece, sizeof piece, &len, err);
        gw_buf_add(body, (struct gw_view){piece, ok ? len : 0});
    }
    return ok && (body->len == source->size_bytes ||
                  gw_fail(err, GW_ERR_INTERNAL, "the source has another size than it says"));
}

static void show_body(struct window *window, struct gw_view body)
{
    struct gw_buf text;
    gw_buf_init(&text, 2 * BODY_MAX_BYTES);
    gw_base64_write(body, &text);
    *add(window->arena, window->out, "body") =
        gw_value_string(gw_arena_dup(window->arena, gw_buf_view(&text)));
    gw_buf_clear(&text);
}

static struct gw_exchange *show(struct gw_transport *self, const struct gw_http_request *req,
                                gw_http_done_fn done, void *ctx)
{
    struct window *window = (struct window *)self;
    struct gw_value headers = gw_value_map();
    struct gw_err err = {0};
    struct gw_buf body;
    (void)done;
    (void)ctx;
    gw_buf_init(&body, BODY_MAX_BYTES);
    for (size_t i = 0; i < req->headers.count; i++) {
        const struct gw_header *header = &req->headers.items[i];
        *gw_map_add(window->arena, &headers, gw_arena_dup(window->arena, header->name)) =
            gw_value_string(gw_arena_dup(window->arena, header->value));
    }
    *add(window->arena, window->out, "headers") = headers;
    if (!req->source) {
        show_body(window, req->body);
    } else if (read_source(req->source, &body, &err)) {
        show_body(window, gw_buf_view(&body));
    } else {
        *add(window->arena, window->out, "error") =
            gw_value_string(gw_arena_dup(window->arena, gw_view_of(err.message)));
    }
    gw_buf_clear(&body);
    return (struct gw_exchange *)self;
}

static void forget(struct gw_transport *self, struct gw_exchange *exchange)
{
    (void)self;
    (void)exchange;
}

static void on_done(void *ctx, const struct gw_call_result *result)
{
    (void)ctx;
    (void)result;
}

static bool start(struct gw_client *client, const struct gw_value *line,
                  const struct gw_file_source *file, struct gw_err *err)
{
    const struct gw_service *service =
        gw_models_find(gw_models_builtin(), gw_map_text(line, GW_VIEW("service")));
    struct gw_call_request request = {
        .op = service ? gw_service_find_operation(service, gw_map_text(line, GW_VIEW("operation")))
                      : NULL,
        .input = gw_map_get(line, GW_VIEW("input")),
        .source = file ? gw_file_source_body(file) : NULL,
        .done = on_done,
    };
    if (!request.op) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "no such operation");
    }
    return gw_call_start(client, &request, err) != NULL;
}

static bool call(const struct gw_value *line, struct gw_arena *arena, struct gw_value *out,
                 struct gw_err *err)
{
    struct gw_loop *loop = gw_loop_new(NULL);
    struct gw_config *config =
        gw_config_parse(gw_map_text(line, GW_VIEW("config")), GW_VIEW(""), err);
    struct window window = {{.start = show, .cancel = forget}, arena, out};
    struct gw_client_options options = {
        .loop = loop,
        .transport = &window.base,
        .config = config,
        .credentials = {.access_key_id = GW_VIEW("AKIDEXAMPLE"),
                        .secret_access_key = GW_VIEW("wJalrXUtnFEMI/K7MDENG"),
                        .source = GW_VIEW("the test")},
    };
    struct gw_view path = gw_map_text(line, GW_VIEW("file"));
    struct gw_file_source *file = path.len > 0 ? gw_file_source_open(path.data, err) : NULL;
    bool ok =
        config && (file || path.len == 0) &&
        gw_settings_resolve(config, GW_VIEW_NONE, GW_VIEW("us-west-2"),
                            gw_map_text(line, GW_VIEW("endpoint_url")), &options.settings, err);
    if (ok) {
        struct gw_client *client = gw_client_new(&options);
        ok = start(client, line, file, err);
        gw_client_free(client);
    }
    gw_file_source_close(file);
    gw_config_close(config);
    gw_loop_free(loop);
    return ok;
}

static void answer(struct gw_view text, struct gw_arena *arena)
{
    struct gw_value line, out = gw_value_map();
    struct gw_err err = {0};
    struct gw_buf json;
    if (!gw_json_parse(text, arena, &line, &err) || !call(&line, arena, &out, &err)) {
        *add(arena, &out, "error") = gw_value_text(err.message);
    }
    gw_buf_init(&json, 4 * BODY_MAX_BYTES);
    gw_json_write(&out, &(struct gw_json_options){.reveal_secrets = true}, &json);
    printf("%s\n", json.data);
    gw_buf_clear(&json);
}

int main(void)
{
    char *text = NULL;
    size_t capacity = 0;
    ssize_t len;
    struct gw_arena *arena = gw_arena_new();
    while ((len = getline(&text, &capacity, stdin)) > 0) {
        answer((struct gw_view){text, (size_t)len}, arena);
        gw_arena_clear(arena);
    }
    free(text);
    gw_arena_free(arena);
    return 0;
}
