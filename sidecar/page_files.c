/* The page's own files, which stand in page/ and are part of the program. */
#include "sidecar/page_internal.h"

#include <string.h>

struct page_file {
    const char *path;
    const unsigned char *bytes;
    size_t size;
};
#include "page_files.inc"

static const char *type_of(const char *path)
{
    static const struct {
        const char *ending, *type;
    } types[] = {{".html", "text/html; charset=utf-8"},
                 {".css", "text/css; charset=utf-8"},
                 {".js", "text/javascript; charset=utf-8"},
                 {".svg", "image/svg+xml"}};
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].ending, ending) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

bool pm_page_file(const char *path, struct pm_http_server_response *response)
{
    const char *wanted = strcmp(path, "/") == 0 ? "/index.html" : path;
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        if (strcmp(FILES[i].path, wanted) == 0) {
            response->content_type = type_of(wanted);
            response->constant = FILES[i].bytes;
            response->constant_size = FILES[i].size;
            return true;
        }
    }
    return false;
}
