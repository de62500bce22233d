/* evidence: files that are kept with a run. */
#include <errno.h>
#include <string.h>

#include "run/internal.h"

#define MAX_FILE_BYTES ((size_t)64 << 20)

static bool read_whole(struct gw_view path, struct gw_view real, struct gw_buf *out,
                       struct gw_err *err)
{
    if (gw_buf_add_path(out, real.data)) {
        return true;
    }
    if (out->full) {
        return gw_fail(err, GW_ERR_LIMIT,
                       "file '%.*s': larger than 64 MiB, which is the most that is kept",
                       GW_VIEW_ARGS(path));
    }
    return gw_fail(err, GW_ERR_IO, "file '%.*s': cannot be read: %s", GW_VIEW_ARGS(path),
                   strerror(errno));
}

static bool keep(struct gw_run *run, struct gw_view name, struct gw_view bytes,
                 struct gw_arena *arena, struct gw_view *hash, struct gw_err *err)
{
    char hex[2 * GW_SHA256_LEN + 1];
    if (run->options.journal) {
        return gw_journal_keep_file(run->options.journal, gw_view_of(run->id), name, bytes, arena,
                                    hash, err);
    }
    gw_sha256_hex(bytes, hex); /* a test, or a rehearsal that is not kept */
    *hash = gw_arena_dup(arena, gw_view_of(hex));
    return true;
}

/* keep_file(name, path) -> size, SHA-256 in hex | nil, err; the path has to be among needs.read */
int gw_run_lua_keep_file(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_view name = gw_check_view(L, 1), path = gw_check_view(L, 2), real, hash;
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_buf *bytes = gw_push_buf(L, MAX_FILE_BYTES);
    struct gw_err err = {0};
    if (!gw_run_allow_file(&run->gate, path, GW_FILE_READ, arena, &real, &err) ||
        !read_whole(path, real, bytes, &err) ||
        !keep(run, name, gw_buf_view(bytes), arena, &hash, &err)) {
        return gw_push_fail(L, &err);
    }
    lua_pushinteger(L, (lua_Integer)bytes->len);
    gw_push_view(L, hash);
    return 2;
}
