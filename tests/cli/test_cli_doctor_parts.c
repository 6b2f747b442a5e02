/* Checks of poolminer doctor that need another machine to come out as they do here: one whose store
 * trusts the pool's certificate, and one that computes wrongly. The functions below them stand in,
 * put in place by the linker (--wrap). */
#include "cli/doctor.h"
#include "cmocka_include.h"
#include "tests/driver/scripted_server.h"
#include "tests/driver/tls_front.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/http_client.h>
#include <poolminer/selftest.h>

/* ---- another machine ---- */

static const char *trusted; /* a certificate; NULL: the system's store */
static char *selftest_hash; /* NULL: what is computed */

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier) */
bool __real_pm_http_create(const struct pm_http_config *config, struct pm_http **out,
                           struct pm_error *error);
bool __wrap_pm_http_create(const struct pm_http_config *config, struct pm_http **out,
                           struct pm_error *error);
bool __wrap_pm_http_create(const struct pm_http_config *config, struct pm_http **out,
                           struct pm_error *error)
{
    struct pm_http_config trusting = *config;
    trusting.ca_file = trusted;
    return __real_pm_http_create(&trusting, out, error);
}

bool __real_pm_selftest_hash(pm_selftest_runner *runner, void *context,
                             char out[PM_SELFTEST_HEX_SIZE], struct pm_error *error);
bool __wrap_pm_selftest_hash(pm_selftest_runner *runner, void *context,
                             char out[PM_SELFTEST_HEX_SIZE], struct pm_error *error);
bool __wrap_pm_selftest_hash(pm_selftest_runner *runner, void *context,
                             char out[PM_SELFTEST_HEX_SIZE], struct pm_error *error)
{
    if (selftest_hash == NULL) {
        return __real_pm_selftest_hash(runner, context, out, error);
    }
    snprintf(out, PM_SELFTEST_HEX_SIZE, "%s", selftest_hash);
    return true;
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- what the doctor says ---- */

static const struct pm_option TABLE[] = {
    {.name = "pool-url", .type = PM_OPTION_TEXT, .repeats = true},
    {.name = "dataset", .type = PM_OPTION_TEXT, .default_value = "synthetic"},
    {.name = "suite", .type = PM_OPTION_TEXT, .default_value = "first2000"},
};

/* What `check` prints; the counts are in *doctor. */
static const char *look(void (*check)(struct doctor *), const char *url, struct doctor *doctor)
{
    static char text[4096];
    char path[] = "/tmp/poolminer-doctor-XXXXXX", option[128];
    const int file = mkstemp(path), screen = dup(STDOUT_FILENO);
    char *arguments[] = {"doctor", option};
    struct pm_options *options = pm_options_create(TABLE, sizeof TABLE / sizeof *TABLE);
    snprintf(option, sizeof option, "--pool-url=%s", url);
    assert_true(pm_options_load_arguments(options, 2, arguments, NULL));
    *doctor = (struct doctor){.options = options};
    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    check(doctor);
    fflush(stdout);
    dup2(screen, STDOUT_FILENO);
    const ssize_t length = pread(file, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    close(screen);
    close(file);
    unlink(path);
    doctor->options = NULL;
    pm_options_destroy(options);
    return text;
}

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in\n%s", part, text);
    }
}

/* ---- tests ---- */

static void answer_health(void *context, const struct scripted_request *request,
                          struct scripted_reply *reply)
{
    (void)context;
    assert_string_equal(request->path, "/health");
    snprintf(reply->body, sizeof reply->body, "{\"status\":\"healthy\"}");
}

static void a_certificate_is_judged_by_who_is_trusted(void **state)
{
    (void)state;
    struct doctor doctor;
    struct scripted_server *server = scripted_server_start(answer_health, NULL);
    struct tls_front *front = tls_front_start(scripted_server_url(server));
    trusted = tls_front_certificate(front);
    const char *text = look(doctor_check_pool, tls_front_url(front), &doctor);
    assert_says(text, "pass  tls        the certificate of 127.0.0.1 is good\n");
    assert_says(text, "pass  pool       https://127.0.0.1:");
    assert_int_equal(doctor.count[DOCTOR_FAIL], 0);

    /* one that is somebody else's, and one that nobody here knows */
    text = look(doctor_check_pool, tls_front_other_url(front), &doctor);
    assert_says(text, "FAIL  tls  ");
    assert_says(text, "ca-certificates");
    trusted = NULL;
    text = look(doctor_check_pool, tls_front_url(front), &doctor);
    assert_says(text, "FAIL  tls  ");
    assert_int_equal(doctor.count[DOCTOR_FAIL], 2); /* and the pool does not answer */
    tls_front_stop(front);
    scripted_server_stop(server);
}

static void wrong_arithmetic_fails(void **state)
{
    (void)state;
    struct doctor doctor;
    char wrong[PM_SELFTEST_HEX_SIZE];
    const char *text = look(doctor_check_scores, "http://127.0.0.1:1", &doctor);
    assert_says(text, "pass  selftest ");
    snprintf(wrong, sizeof wrong, "%s", PM_SELFTEST_HASH);
    wrong[0] = wrong[0] == '0' ? '1' : '0';
    selftest_hash = wrong;
    text = look(doctor_check_scores, "http://127.0.0.1:1", &doctor);
    selftest_hash = NULL;
    assert_says(text, "FAIL  selftest ");
    assert_says(text, "the hash is WRONG");
    assert_says(text, "; run `poolminer selftest`, and report");
    assert_int_equal(doctor.count[DOCTOR_FAIL], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_judged_by_who_is_trusted),
        cmocka_unit_test(wrong_arithmetic_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
