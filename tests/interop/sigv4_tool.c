/* Signs the requests that come as JSON lines on stdin; prints one Authorization header a line.
 * {"method","url","headers":[[name,value],...],"body":base64,"access_key","secret_key","token",
 *  "region","service","time":epoch seconds,"keep_path":bool} */
#include "aws/aws.h"
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

static void add_headers(const struct gw_value *line, struct gw_arena *arena,
                        struct gw_headers *headers)
{
    const struct gw_value *list = gw_map_get(line, GW_VIEW("headers"));
    for (size_t i = 0; i < list->as.list.count; i++) {
        const struct gw_value *pair = list->as.list.items[i].as.list.items;
        gw_headers_add(arena, headers, pair[0].as.string, pair[1].as.string);
    }
}

static bool sign_line(struct gw_view text, struct gw_arena *arena, struct gw_view *authorization,
                      struct gw_err *err)
{
    struct gw_value line;
    if (!gw_json_parse(text, arena, &line, err)) {
        return false;
    }
    struct gw_http_request req = {
        .method = gw_map_text(&line, GW_VIEW("method")),
        .url = gw_map_text(&line, GW_VIEW("url")),
    };
    add_headers(&line, arena, &req.headers);
    if (!gw_base64_read(gw_map_text(&line, GW_VIEW("body")), arena, &req.body)) {
        return gw_fail(err, GW_ERR_INPUT, "body: is not base64");
    }
    struct gw_credentials credentials = {
        .access_key_id = gw_map_text(&line, GW_VIEW("access_key")),
        .secret_access_key = gw_map_text(&line, GW_VIEW("secret_key")),
        .session_token = gw_map_text(&line, GW_VIEW("token")),
    };
    bool keep_path = gw_map_get(&line, GW_VIEW("keep_path"))->as.boolean;
    struct gw_signing signing = {
        .credentials = &credentials,
        .region = gw_map_text(&line, GW_VIEW("region")),
        .service = gw_map_text(&line, GW_VIEW("service")),
        .epoch_s = gw_map_get(&line, GW_VIEW("time"))->as.integer,
        .keep_path = keep_path,
        .sign_body_header = keep_path, /* as S3's clients do */
    };
    struct gw_signature stages;
    if (!gw_sigv4_sign(&req, &signing, arena, &stages, err)) {
        return false;
    }
    *authorization = stages.authorization;
    return true;
}

int main(void)
{
    char *text = NULL;
    size_t capacity = 0;
    ssize_t len;
    while ((len = getline(&text, &capacity, stdin)) > 0) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_err err = {0};
        struct gw_view authorization = GW_VIEW_NONE;
        if (sign_line((struct gw_view){text, (size_t)len}, arena, &authorization, &err)) {
            printf("%.*s\n", GW_VIEW_ARGS(authorization));
        } else {
            printf("error: %s\n", err.message);
        }
        gw_arena_free(arena);
    }
    free(text);
    return 0;
}
