/* The pool as its API sees it: rules, store and what the operator said about the data. */
#ifndef POOL_POOL_H
#define POOL_POOL_H

#include "pool/metrics.h"
#include "pool/rate_limit.h"
#include "pool/rules.h"
#include "pool/store.h"
#include "pool/trouble.h"

struct pm_pool {
    struct pm_pool_rules rules;
    struct pm_pool_store *store;
    struct pm_pool_store *reader; /* the same store, for calls that only read */
    struct pm_trouble *trouble;
    struct pm_metrics *metrics;
    struct pm_rate_limit *rate_limit;
    int requests_per_minute;         /* that it allows */
    const char *dataset_fingerprint; /* NULL: not said */
    const char *suite;               /* NULL: not said */
    const char *monitor_token;       /* NULL: nobody may monitor */
};

#endif
