/* secret: text that a script can pass on but not read. It prints as "[secret]", joining it with
 * other text gives a secret again, and its memory is wiped when Lua collects it. The strings from
 * which a script made one are Lua's own and cannot be wiped. */
#include <string.h>

#include "script/internal.h"

struct secret {
    bool lost; /* it has no text any more */
    size_t len;
    char text[];
};

bool gw_to_secret(lua_State *L, int index, struct gw_view *out)
{
    struct secret *secret = lua_touserdata(L, index);
    if (!secret || !gw_script_has_meta(L, index, GW_SLOT_SECRET) || secret->lost) {
        return false;
    }
    *out = (struct gw_view){secret->text, secret->len};
    return true;
}

/* For the caller to fill. [-0, +1, m] */
static char *push_blank(lua_State *L, size_t len)
{
    struct secret *secret = lua_newuserdatauv(L, sizeof *secret + len + 1, 0);
    secret->lost = false;
    secret->len = len;
    memset(secret->text, 0, len + 1);
    gw_script_set_meta(L, GW_SLOT_SECRET);
    return secret->text;
}

void gw_push_secret(lua_State *L, struct gw_view text)
{
    char *copy = push_blank(L, text.len);
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    gw_secret_add(text);
}

void gw_push_lost_secret(lua_State *L)
{
    push_blank(L, 0);
    ((struct secret *)lua_touserdata(L, -1))->lost = true;
}

bool gw_is_lost_secret(lua_State *L, int index)
{
    struct secret *secret = lua_touserdata(L, index);
    return secret && gw_script_has_meta(L, index, GW_SLOT_SECRET) && secret->lost;
}

static int secret_gc(lua_State *L)
{
    struct secret *secret = lua_touserdata(L, 1);
    gw_wipe(secret->text, secret->len);
    return 0;
}

static int secret_tostring(lua_State *L)
{
    lua_pushliteral(L, "[secret]");
    return 1;
}

static struct gw_view check_operand(lua_State *L, int index)
{
    struct gw_view text;
    if (gw_is_lost_secret(L, index)) {
        struct gw_err err = {0};
        gw_fail(&err, GW_ERR_INPUT, GW_LOST_SECRET);
        gw_push_err(L, &err);
        lua_error(L);
    }
    return gw_to_secret(L, index, &text) ? text : gw_check_view(L, index);
}

static int secret_concat(lua_State *L)
{
    struct gw_view left = check_operand(L, 1);
    struct gw_view right = check_operand(L, 2);
    char *joined = push_blank(L, left.len + right.len);
    memcpy(joined, left.data, left.len);
    memcpy(joined + left.len, right.data, right.len);
    return 1;
}

/* Takes as long for a wrong guess as for the right one. */
static bool is_same(struct gw_view left, struct gw_view right)
{
    unsigned char difference = 0;
    for (size_t i = 0; left.len == right.len && i < left.len; i++) {
        difference |= (unsigned char)(left.data[i] ^ right.data[i]);
    }
    return left.len == right.len && difference == 0;
}

/* Of two secrets; Lua asks nobody about a secret and a string: they are never equal. */
static int secret_eq(lua_State *L)
{
    struct gw_view left, right;
    lua_pushboolean(L, gw_to_secret(L, 1, &left) && gw_to_secret(L, 2, &right) &&
                           is_same(left, right));
    return 1;
}

/* secret:is(text) -> boolean */
static int secret_is(lua_State *L)
{
    luaL_checkany(L, 2);
    lua_pushboolean(L, is_same(check_operand(L, 1), check_operand(L, 2)));
    return 1;
}

/* secret:starts_with(text) -> boolean */
static int secret_starts_with(lua_State *L)
{
    luaL_checkany(L, 2);
    struct gw_view text = check_operand(L, 1), start = check_operand(L, 2);
    lua_pushboolean(L, is_same(gw_view_sub(text, 0, start.len), start));
    return 1;
}

/* secret:ends_with(text) -> boolean */
static int secret_ends_with(lua_State *L)
{
    luaL_checkany(L, 2);
    struct gw_view text = check_operand(L, 1), end = check_operand(L, 2);
    size_t from = text.len > end.len ? text.len - end.len : 0;
    lua_pushboolean(L, is_same(gw_view_sub(text, from, GW_NPOS), end));
    return 1;
}

/* secret:is_blank() -> boolean */
static int secret_is_blank(lua_State *L)
{
    struct gw_view text = check_operand(L, 1);
    lua_pushboolean(L, strspn(text.data, " \t\r\n\v\f") == text.len);
    return 1;
}

static int secret_index(lua_State *L)
{
    static const luaL_Reg methods[] = {{"is", secret_is},
                                       {"starts_with", secret_starts_with},
                                       {"ends_with", secret_ends_with},
                                       {"is_blank", secret_is_blank},
                                       {NULL, NULL}};
    struct gw_view name = gw_check_view(L, 2);
    for (const luaL_Reg *method = methods; method->name; method++) {
        if (gw_view_equal(name, gw_view_of(method->name))) {
            lua_pushcfunction(L, method->func);
            return 1;
        }
    }
    return luaL_error(L,
                      "a secret has no '%s'; it can be passed on, and compared: secret:is(text), "
                      "starts_with(text), ends_with(text), is_blank()",
                      name.data);
}

void gw_script_open_secrets(struct gw_script *script)
{
    static const luaL_Reg secret[] = {{"__gc", secret_gc},         {"__tostring", secret_tostring},
                                      {"__concat", secret_concat}, {"__eq", secret_eq},
                                      {"__index", secret_index},   {NULL, NULL}};
    gw_script_new_meta(script, GW_SLOT_SECRET, "secret", secret);
}
