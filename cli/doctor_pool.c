/* Whether the pool is to be reached: its name, its certificate, its answer, its clock. */
#include "cli/doctor.h"

#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <poolminer/http_client.h>
#include <poolminer/json.h>
#include <poolminer/stop.h>

enum {
    TIMEOUT_MS = 5000,
    ANSWER_MAX_BYTES = 1024 * 1024,
    ADDRESSES_MAX = 8,
    HOST_SIZE = 256,
    OFFSET_WARN_MS = 5000,
    OFFSET_FAIL_MS = 300000, /* a pool's usual tolerance for the time in a signature */
};

/* One address of the pool and what came of asking it. */
struct probe {
    const char *url;
    char host[HOST_SIZE], port[8];
    int dns_result; /* of getaddrinfo */
    char address[NI_MAXHOST];
    bool encrypted;
    bool reached; /* by name, port and, where encrypted, certificate */
    bool listens; /* somebody takes connections, whether or not they can be encrypted */
    bool healthy; /* status 200 with a JSON object */
    int64_t ahead_ms;
    bool has_clock; /* a Date came, and ahead_ms is by how much our clock is ahead of it */
    struct doctor_pool says;
    struct pm_error error;
};

/* Host and port of an address that the settings have taken: http:// or https:// and a host. */
static bool split(struct probe *probe)
{
    const char *host = strstr(probe->url, "://") + 3;
    size_t length = strcspn(host, "/?#");
    probe->encrypted = strncmp(probe->url, "https://", 8) == 0;
    snprintf(probe->port, sizeof probe->port, "%s", probe->encrypted ? "443" : "80");
    const char *bracket = host[0] == '[' ? memchr(host, ']', length) : NULL;
    const char *from = bracket != NULL ? bracket : host;
    const char *colon = memchr(from, ':', length - (size_t)(from - host));
    if (colon != NULL) {
        snprintf(probe->port, sizeof probe->port, "%.*s",
                 (int)(length - (size_t)(colon - host) - 1), colon + 1);
        length = (size_t)(colon - host);
    }
    if (bracket != NULL) {
        host++;
        length = (size_t)(bracket - host);
    }
    return (size_t)snprintf(probe->host, sizeof probe->host, "%.*s", (int)length, host) <
           sizeof probe->host;
}

static bool has_proxy(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return true;
        }
    }
    return false;
}

/* What the system's resolver says, which may take it some seconds. */
static void look_up(struct probe *probe)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    probe->dns_result = getaddrinfo(probe->host, NULL, &hints, &found);
    if (probe->dns_result == 0) {
        getnameinfo(found->ai_addr, found->ai_addrlen, probe->address, sizeof probe->address, NULL,
                    0, NI_NUMERICHOST);
        freeaddrinfo(found);
    }
}

/* ---- asking ---- */

static void take_text(const cJSON *body, const char *name, char *out, size_t size)
{
    const char *text = "";
    if (!pm_json_optional_string(body, name, &text, NULL) || strlen(text) >= size) {
        text = "";
    }
    snprintf(out, size, "%s", text);
}

static void take_answer(struct probe *probe, const struct pm_http_response *response)
{
    cJSON *body = NULL;
    if (response->date_ms >= 0) {
        /* Date has whole seconds: on average it is half a second old when it is written. */
        probe->has_clock = true;
        probe->ahead_ms = (response->sent_ms + response->received_ms) / 2 - response->date_ms - 500;
    }
    if (response->status != 200) {
        pm_fail(&probe->error, PM_ERROR_UNAVAILABLE, "%s/health answers with status %d", probe->url,
                response->status);
    } else if (!pm_json_parse(response->body, response->body_size, ANSWER_MAX_BYTES, &body,
                              &probe->error) ||
               !cJSON_IsObject(body)) {
        pm_fail(&probe->error, PM_ERROR_PROTOCOL, "%s/health answers with no JSON object",
                probe->url);
    } else {
        probe->healthy = probe->says.answers = true;
        take_text(body, "dataset_fingerprint", probe->says.fingerprint,
                  sizeof probe->says.fingerprint);
        take_text(body, "suite", probe->says.suite, sizeof probe->says.suite);
    }
    cJSON_Delete(body);
}

/* True when there was a connection, encrypted where the URL says so. */
static bool ask(const char *url, struct pm_http_response *response, bool *came,
                struct pm_error *error)
{
    const struct pm_http_config config = {
        .base_url = url, .connect_timeout_ms = TIMEOUT_MS, .stop = pm_stop_flag()};
    const struct pm_http_request request = {.method = "GET",
                                            .path = "/health",
                                            .answer_max_bytes = ANSWER_MAX_BYTES,
                                            .timeout_ms = TIMEOUT_MS};
    struct pm_http *http = NULL;
    *response = (struct pm_http_response){.date_ms = -1};
    *came = false;
    if (!pm_http_create(&config, &http, error)) {
        return false;
    }
    *came = pm_http_perform(http, &request, response, error);
    pm_http_destroy(http);
    return response->sent;
}

/* An encrypted connection that did not come about: the same port without encryption tells whether
 * it was for want of anybody there. */
static bool listens(const struct probe *probe)
{
    char url[HOST_SIZE + 32];
    bool is_ipv6 = strchr(probe->host, ':') != NULL;
    struct pm_http_response response;
    bool came;
    snprintf(url, sizeof url, is_ipv6 ? "http://[%s]:%s" : "http://%s:%s", probe->host,
             probe->port);
    bool connected = ask(url, &response, &came, NULL);
    pm_http_response_clear(&response);
    return connected;
}

static void ask_pool(struct probe *probe)
{
    struct pm_http_response response;
    bool came;
    probe->reached = ask(probe->url, &response, &came, &probe->error);
    if (came) {
        take_answer(probe, &response);
    }
    pm_http_response_clear(&response);
    probe->listens = probe->reached ||
                     (probe->encrypted && probe->dns_result == 0 && !has_proxy() && listens(probe));
}

/* ---- telling ---- */

/* An address that is of no use matters less when another of the same pool answers. */
static enum doctor_state failure(const struct doctor *doctor)
{
    return doctor->pool.answers ? DOCTOR_WARN : DOCTOR_FAIL;
}

static void tell_dns(struct doctor *doctor, const struct probe *probe)
{
    if (probe->dns_result == 0) {
        doctor_say(doctor, "dns", DOCTOR_PASS, NULL, "%s is %s", probe->host, probe->address);
    } else if (has_proxy()) {
        doctor_say(doctor, "dns", DOCTOR_UNKNOWN, NULL,
                   "%s has no address here; the proxy of the environment may know one",
                   probe->host);
    } else {
        doctor_say(doctor, "dns", failure(doctor),
                   "check the spelling in pool_endpoint (--pool-url), the network, and the name "
                   "servers in /etc/resolv.conf",
                   "%s: %s", probe->host, gai_strerror(probe->dns_result));
    }
}

static bool is_local(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           strncmp(host, "127.", 4) == 0;
}

static void tell_tls(struct doctor *doctor, const struct probe *probe)
{
    if (!probe->encrypted && is_local(probe->host)) {
        doctor_say(doctor, "tls", DOCTOR_PASS, NULL, "not needed: %s is this machine", probe->host);
    } else if (!probe->encrypted) {
        doctor_say(doctor, "tls", DOCTOR_WARN,
                   "use the pool's https:// address in pool_endpoint if it has one",
                   "%s is not encrypted: whoever is on the way can read and change it", probe->url);
    } else if (probe->reached) {
        doctor_say(doctor, "tls", DOCTOR_PASS, NULL, "the certificate of %s is good", probe->host);
    } else if (probe->listens) {
        doctor_say(doctor, "tls", failure(doctor),
                   "check this machine's date, its certificates (package ca-certificates), and "
                   "that the address is the pool's",
                   "%s", probe->error.message);
    } else {
        doctor_say(doctor, "tls", DOCTOR_UNKNOWN, NULL, "no connection to %s to judge by",
                   probe->host);
    }
}

static void tell_answer(struct doctor *doctor, const struct probe *probe)
{
    if (probe->healthy) {
        doctor_say(doctor, "pool", DOCTOR_PASS, NULL, "%s answers", probe->url);
    } else {
        doctor_say(doctor, "pool", failure(doctor),
                   "check pool_endpoint (--pool-url), the network, and whether the pool is up",
                   "%s", probe->error.message);
    }
}

static void tell_clock(struct doctor *doctor, const struct probe *probe)
{
    int64_t apart_ms = probe->ahead_ms < 0 ? -probe->ahead_ms : probe->ahead_ms;
    enum doctor_state state = apart_ms <= OFFSET_WARN_MS   ? DOCTOR_PASS
                              : apart_ms <= OFFSET_FAIL_MS ? DOCTOR_WARN
                                                           : DOCTOR_FAIL;
    if (!probe->has_clock) {
        doctor_say(doctor, "clock", DOCTOR_UNKNOWN, NULL, "%s tells no time", probe->url);
        return;
    }
    doctor_say(doctor, "clock", state,
               state == DOCTOR_PASS ? NULL : "set it: timedatectl set-ntp true",
               "%.1f s %s the pool's, which Date tells to a second", (double)apart_ms / 1000,
               probe->ahead_ms < 0 ? "behind" : "ahead of");
}

static void check_address(struct doctor *doctor, struct probe *probe)
{
    if (!split(probe)) {
        probe->dns_result = EAI_NONAME;
        pm_fail(&probe->error, PM_ERROR_LIMIT, "%.80s...: the host's name is too long", probe->url);
        return;
    }
    look_up(probe);
    ask_pool(probe);
    if (probe->healthy && !doctor->pool.answers) {
        doctor->pool = probe->says;
    }
}

void doctor_check_pool(struct doctor *doctor)
{
    struct probe probes[ADDRESSES_MAX] = {0};
    size_t count = pm_options_repeat_count(doctor->options, "pool-url");
    count = count < ADDRESSES_MAX ? count : ADDRESSES_MAX; /* as many as the driver takes */
    for (size_t i = 0; i < count && !pm_stop_requested(); i++) {
        probes[i].url = pm_options_repeat(doctor->options, "pool-url", i);
        check_address(doctor, &probes[i]);
    }
    for (size_t i = 0; i < count && !pm_stop_requested(); i++) {
        tell_dns(doctor, &probes[i]);
        tell_tls(doctor, &probes[i]);
        tell_answer(doctor, &probes[i]);
        tell_clock(doctor, &probes[i]);
    }
}
