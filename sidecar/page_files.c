/* The page's own files, which stand in page/ and are part of the program. */
#include "page_files.inc"

#include "sidecar/page_internal.h"

#include <string.h>

static const struct {
    const char *path, *type;
    const unsigned char *bytes;
    size_t size;
} FILES[] = {
#define PAGE_FILE(path, type, name)                                                                \
    {                                                                                              \
        path, type, name, sizeof name                                                              \
    }
    PAGE_FILE("/", "text/html; charset=utf-8", index_html),
    PAGE_FILE("/page.css", "text/css; charset=utf-8", page_css),
    PAGE_FILE("/page.js", "text/javascript; charset=utf-8", page_js),
#undef PAGE_FILE
};

bool pm_page_file(const char *path, struct pm_http_server_response *response)
{
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        if (strcmp(FILES[i].path, path) == 0) {
            response->content_type = FILES[i].type;
            response->constant = FILES[i].bytes;
            response->constant_size = FILES[i].size;
            return true;
        }
    }
    return false;
}
