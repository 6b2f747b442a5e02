/* /health, /api/v1/monitor and /metrics: the pool itself. */
#include "pool/api_call.h"
#include "pool/ledger.h"

#include <string.h>

#include <poolminer/payout.h>

enum { BLOCK_MS = 12000 }; /* a block of the network: this pool has no chain, only its rhythm */

int64_t pm_api_seconds_left(const struct pm_pool_epoch *epoch, int64_t now_ms)
{
    return epoch->end_ms > now_ms ? (epoch->end_ms - now_ms + 999) / 1000 : 0;
}

bool pm_api_health(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_pool_epoch epoch;
    if (!pm_ledger_epoch_seen(store, &call->pool->rules, call->now_ms, &epoch, error)) {
        return false;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_text(call, json, "status", "healthy");
    pm_api_add_integer(call, json, "window_number", epoch.number);
    pm_api_add_integer(call, json, "current_block", call->now_ms / BLOCK_MS);
    pm_api_add_integer(call, json, "time_remaining_s", pm_api_seconds_left(&epoch, call->now_ms));
    if (call->pool->dataset_fingerprint != NULL) {
        pm_api_add_text(call, json, "dataset_fingerprint", call->pool->dataset_fingerprint);
    }
    if (call->pool->suite != NULL) {
        pm_api_add_text(call, json, "suite", call->pool->suite);
    }
    return true;
}

/* What is told of the pool as a whole, to dashboards of any kind. */
struct figure {
    const char *name; /* of the member, and of the metric */
    const char *help;
    bool is_real;
    double real;
    int64_t integer; /* RAO may be more than a double holds to the last */
};
enum { FIGURES = 16 };
#define WHOLE(name, help, value)                                                                   \
    {                                                                                              \
        (name), (help), false, 0, (value)                                                          \
    }
#define REAL(name, help, value)                                                                    \
    {                                                                                              \
        (name), (help), true, (value), 0                                                           \
    }

static bool gather(struct pm_pool_store *store, const struct pm_api_call *call,
                   struct figure out[FIGURES], struct pm_error *error)
{
    const struct pm_pool_rules *rules = &call->pool->rules;
    struct pm_pool_epoch epoch;
    struct pm_pool_totals totals;
    int64_t active, reputation, rewarded, waiting, best_id;
    double best = 0;
    bool any;
    if (!pm_ledger_epoch_seen(store, rules, call->now_ms, &epoch, error) ||
        !pm_store_totals(store, &totals, error) ||
        !pm_store_miners_active(store, call->now_ms - rules->epoch_ms, &active, error) ||
        !pm_store_reputation_sum(store, epoch.number, &reputation, &rewarded, error) ||
        !pm_store_algorithms_summary(store, &waiting, &best, &best_id, &any, error)) {
        return false;
    }
    const struct figure figures[FIGURES] = {
        WHOLE("epoch", "Number of the epoch.", epoch.number),
        WHOLE("epoch_seconds_left", "To the end of the epoch.",
              pm_api_seconds_left(&epoch, call->now_ms)),
        WHOLE("miners_registered", "Miners ever seen.", totals.miners),
        WHOLE("miners_active", "Miners seen within the length of an epoch.", active),
        WHOLE("leases_live", "Leases that are open.", totals.leases_live),
        WHOLE("algorithms", "Algorithms known.", totals.algorithms),
        WHOLE("algorithms_waiting", "Algorithms that wait for consensus.", waiting),
        WHOLE("population", "Algorithms that seeds are drawn from.", totals.population),
        WHOLE("evaluations", "Evaluations taken.", totals.evaluations),
        REAL("best_score", "Best consensus so far.", best),
        REAL("total_reputation", "Reputation of all miners in this epoch.",
             (double)reputation / PM_REPUTATION_UNIT),
        WHOLE("epochs_settled", "Epochs paid out.", totals.epochs_settled),
        WHOLE("paid_rao", "Paid by all settled epochs.", totals.paid_rao),
        WHOLE("pool_rao", "Kept by the pool of all settled epochs.", totals.pool_rao),
        WHOLE("withdrawals_pending", "Withdrawals that wait for the operator.",
              totals.withdrawals_pending),
        WHOLE("withdrawals_pending_rao", "What these come to.", totals.withdrawals_pending_rao),
    };
    memcpy(out, figures, sizeof figures);
    return true;
}

bool pm_api_monitor(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct figure figures[FIGURES];
    if (!gather(store, call, figures, error)) {
        return false;
    }
    cJSON *json = pm_api_answer(call);
    for (size_t i = 0; i < FIGURES; i++) {
        if (figures[i].is_real) {
            pm_api_add_number(call, json, figures[i].name, figures[i].real);
        } else {
            pm_api_add_integer(call, json, figures[i].name, figures[i].integer);
        }
    }
    return true;
}

bool pm_api_metrics(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct figure figures[FIGURES];
    struct pm_text text = {0};
    if (!gather(store, call, figures, error)) {
        return false;
    }
    for (size_t i = 0; i < FIGURES; i++) {
        const double value = figures[i].is_real ? figures[i].real : (double)figures[i].integer;
        pm_metrics_write(&text, figures[i].name, "gauge", figures[i].help, value);
    }
    pm_metrics_write_all(&text, call->pool->metrics);
    call->incomplete = text.failed;
    call->text = text.data;
    call->text_type = "text/plain; version=0.0.4";
    return true;
}
