/* output_file: files that commands leave behind. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/internal.h"

#define MAX_PATH_BYTES ((size_t)4096)

bool gw_cli_make_folders(const char *path, struct gw_err *err)
{
    struct gw_buf folder;
    bool ok = true;
    gw_buf_init(&folder, MAX_PATH_BYTES);
    for (const char *slash = strchr(path + 1, '/'); ok && slash; slash = strchr(slash + 1, '/')) {
        gw_buf_reset(&folder);
        gw_buf_add(&folder, (struct gw_view){path, (size_t)(slash - path)});
        ok = mkdir(gw_buf_view(&folder).data, 0777) == 0 || errno == EEXIST ||
             gw_fail(err, GW_ERR_IO, "%s: cannot be made (%s)", gw_buf_view(&folder).data,
                     strerror(errno));
    }
    gw_buf_clear(&folder);
    return ok;
}

bool gw_cli_write_file(const char *path, const char *mode, struct gw_view text, struct gw_err *err)
{
    FILE *file = fopen(path, mode);
    bool written = file && fwrite(text.data, 1, text.len, file) == text.len;
    int reason = errno;
    if (file && fclose(file) != 0) {
        written = false;
        reason = errno;
    }
    return written || gw_fail(err, GW_ERR_IO, "%s: cannot be written (%s)", path, strerror(reason));
}
