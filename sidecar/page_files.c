/* The page's own files, which stand in page/ and are part of the program. */
#include "page_files.inc"

#include "sidecar/page_internal.h"

#include <string.h>

static const struct {
    const char *path, *type;
    const unsigned char *bytes;
    size_t size;
} FILES[] = {
    {"/", "text/html; charset=utf-8", index_html, sizeof index_html},
    {"/page.css", "text/css; charset=utf-8", page_css, sizeof page_css},
    {"/page.js", "text/javascript; charset=utf-8", page_js, sizeof page_js},
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
