/* host.box: sealed boxes, as GitHub takes secrets. */
#include <string.h>

#include "bind/internal.h"
#include "codec/codec.h"

/* Fresh for each box. In a rehearsal it follows from what is closed: the same run is the same to the byte. */
static void make_key(lua_State *L, struct gw_view message, unsigned char *key)
{
    if (!gw_loop_is_virtual(gw_script_loop(gw_script_of(L)))) {
        gw_random(key, GW_SEALED_BOX_KEY_BYTES);
        return;
    }
    gw_sha256(message, key);
}

/* close(text or secret, public_key) -> the box in base64 | nil, err */
static int box_close(lua_State *L)
{
    struct gw_view message, public_key = gw_check_view(L, 2);
    message = gw_to_secret(L, 1, &message) ? message : gw_check_view(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_buf *box = gw_push_buf(L, GW_JSON_MAX_BYTES);
    unsigned char key[GW_SEALED_BOX_KEY_BYTES];
    struct gw_err err = {0};
    make_key(L, message, key);
    bool ok = gw_sealed_box_close(message, public_key, key, arena, box, &err);
    gw_wipe(key, sizeof key);
    if (!ok) {
        return gw_push_fail(L, &err);
    }
    gw_push_view(L, gw_buf_view(box));
    return 1;
}

void gw_bind_box(struct gw_script *script)
{
    lua_State *L = gw_script_state(script);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, box_close);
    lua_setfield(L, -2, "close");
    gw_script_set_host(script, "box");
}
