#include "cli/page_address.h"

#include "cli/paths.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/process.h>

enum { TOKEN_BYTES = 24, FILE_MAX = 4096, PRIVATE = 0600, OPENED_MS = 2000 };

static const char ADDRESS_FILE[] = "page.address";
static const char BROWSER_FILE[] = "page.html";

bool page_token_create(const char *path, struct pm_error *error)
{
    unsigned char bytes[TOKEN_BYTES];
    char token[2 * TOKEN_BYTES + 1];
    if (sodium_init() < 0) {
        return pm_fail(error, PM_ERROR_IO, "no source of random numbers");
    }
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(token, sizeof token, bytes, sizeof bytes);
    token[sizeof token - 1] = '\n'; /* where the text ended */
    bool done = pm_file_write_atomic(path, token, sizeof token, PRIVATE, true, error);
    sodium_memzero(token, sizeof token);
    return done;
}

static bool write_file(const char *directory, const char *name, const char *text,
                       struct pm_error *error)
{
    char *path = path_join(directory, name, error);
    bool done =
        path != NULL && pm_file_write_atomic(path, text, strlen(text), PRIVATE, true, error);
    free(path);
    return done;
}

/* A file that leads a browser on: the address with its token is then in no command line. */
static bool leave_address(const char *directory, const char *address, struct pm_error *error)
{
    char text[FILE_MAX];
    snprintf(text, sizeof text,
             "<!doctype html><meta charset=\"utf-8\"><title>poolminer</title>\n"
             "<meta http-equiv=\"refresh\" content=\"0;url=%s\">\n<a href=\"%s\">poolminer</a>\n",
             address, address);
    return write_file(directory, ADDRESS_FILE, address, error) &&
           write_file(directory, BROWSER_FILE, text, error);
}

static bool read_port(const char *ready_file, int64_t *port)
{
    char *text = NULL;
    size_t length = 0;
    cJSON *root = NULL;
    bool done = pm_file_read(ready_file, FILE_MAX, &text, &length, NULL) &&
                pm_json_parse(text, length, FILE_MAX, &root, NULL) &&
                pm_json_integer(root, "port", port, NULL);
    cJSON_Delete(root);
    free(text);
    return done;
}

bool page_address_find(const char *directory, const char *ready_file, const char *token_file,
                       char *out, size_t size, struct pm_error *error)
{
    int64_t port = 0;
    char *token = NULL;
    size_t length = 0;
    out[0] = '\0';
    page_address_forget(directory);
    if (!read_port(ready_file, &port)) {
        return true;
    }
    if (!pm_file_read(token_file, FILE_MAX, &token, &length, error)) {
        return false;
    }
    token[strcspn(token, "\n")] = '\0';
    snprintf(out, size, "http://127.0.0.1:%lld/#%s", (long long)port, token);
    sodium_memzero(token, length);
    free(token);
    return leave_address(directory, out, error);
}

bool page_address_read(const char *directory, char *out, size_t size, struct pm_error *error)
{
    char *text = NULL;
    size_t length = 0;
    char *path = path_join(directory, ADDRESS_FILE, error);
    bool done = path != NULL && pm_file_read(path, FILE_MAX, &text, &length, error);
    snprintf(out, size, "%s", done ? text : "");
    free(text);
    free(path);
    return done;
}

void page_address_forget(const char *directory)
{
    const char *const names[] = {ADDRESS_FILE, BROWSER_FILE};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_join(directory, names[i], NULL);
        if (path != NULL) {
            unlink(path);
        }
        free(path);
    }
}

/* Where PATH says that a program is; to be freed. */
static char *find_program(const char *name)
{
    const char *at = getenv("PATH");
    while (at != NULL && *at != '\0') {
        char *path = NULL;
        size_t length = strcspn(at, ":");
        if (asprintf(&path, "%.*s/%s", (int)length, at, name) < 0) {
            return NULL;
        }
        if (path[0] == '/' && access(path, X_OK) == 0) {
            return path;
        }
        free(path);
        at += length + (at[length] == ':' ? 1 : 0);
    }
    return NULL;
}

static bool has_display(void)
{
    const char *wayland = getenv("WAYLAND_DISPLAY"), *x11 = getenv("DISPLAY");
    return (wayland != NULL && wayland[0] != '\0') || (x11 != NULL && x11[0] != '\0');
}

bool page_address_open(const char *directory)
{
    char *program = has_display() ? find_program("xdg-open") : NULL;
    char *file = program != NULL ? path_join(directory, BROWSER_FILE, NULL) : NULL;
    bool opened = false;
    if (file != NULL) {
        const char *const arguments[] = {program, file, NULL};
        const struct pm_process_config config = {
            .arguments = arguments, .stdout_path = "/dev/null", .stderr_path = "/dev/null"};
        pid_t pid;
        int status = 0;
        /* It hands over to the browser and ends; one that stays is the browser itself. */
        opened = pm_process_start(&config, &pid, NULL) &&
                 (!pm_process_wait(pid, OPENED_MS, &status) || status == 0);
    }
    free(file);
    free(program);
    return opened;
}
