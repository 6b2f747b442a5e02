#include <stdlib.h>

#include <poolminer/payout.h>

/* A product of two int64_t fits; a quotient by one of the factors' bounds fits back. */
__extension__ typedef __int128 wide;

struct claim {
    size_t index;
    int64_t reputation;
};

static int by_falling_reputation(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;
    if (a->reputation != b->reputation) {
        return a->reputation < b->reputation ? 1 : -1;
    }
    return a->index < b->index ? -1 : 1;
}

static bool check_rules(const struct pm_payout_rules *rules, struct pm_error *error)
{
    if (rules->budget_rao < 0) {
        return pm_fail(error, PM_ERROR_INVALID, "payout: the budget is negative (%lld RAO)",
                       (long long)rules->budget_rao);
    }
    if (rules->fee_ppm < 0 || rules->fee_ppm > PM_PPM) {
        return pm_fail(error, PM_ERROR_INVALID, "payout: the fee is not a share from 0 to 1");
    }
    if (rules->cap_ppm < 0 || rules->cap_ppm > PM_PPM) {
        return pm_fail(error, PM_ERROR_INVALID, "payout: the cap is not a share from 0 to 1");
    }
    return true;
}

static bool add_up(const int64_t *reputation, size_t count, int64_t *total, struct pm_error *error)
{
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        if (reputation[i] < 0) {
            return pm_fail(error, PM_ERROR_INVALID, "payout: reputation %zu is negative", i);
        }
        if (__builtin_add_overflow(*total, reputation[i], total)) {
            return pm_fail(error, PM_ERROR_LIMIT, "payout: the reputations add up to over 2^63-1");
        }
    }
    return true;
}

int64_t pm_payout_distributable(const struct pm_payout_rules *rules)
{
    return (int64_t)((wide)rules->budget_rao * (PM_PPM - rules->fee_ppm) / PM_PPM);
}

int64_t pm_payout_cap(const struct pm_payout_rules *rules)
{
    return (int64_t)((wide)rules->budget_rao * rules->cap_ppm / PM_PPM);
}

int64_t pm_payout_estimate(const struct pm_payout_rules *rules, int64_t reputation, int64_t total)
{
    if (total <= 0 || reputation <= 0) {
        return 0;
    }
    int64_t share = (int64_t)((wide)reputation * pm_payout_distributable(rules) / total);
    int64_t cap = pm_payout_cap(rules);
    return share < cap ? share : cap;
}

bool pm_payout_divide(const struct pm_payout_rules *rules, const int64_t *reputation, size_t count,
                      int64_t *paid_rao, int64_t *pool_rao, struct pm_error *error)
{
    int64_t weight; /* reputation of those whose share is still to be divided */
    if (!check_rules(rules, error) || !add_up(reputation, count, &weight, error)) {
        return false;
    }
    struct claim *claims = calloc(count ? count : 1, sizeof *claims);
    if (claims == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "payout: no memory for %zu miners", count);
    }
    for (size_t i = 0; i < count; i++) {
        claims[i] = (struct claim){.index = i, .reputation = reputation[i]};
    }
    qsort(claims, count, sizeof *claims, by_falling_reputation);

    /* Taking a capped miner and its cap out of the pot never lowers what the others get per point,
     * so one pass from the largest claim down finds exactly those whom redistribution caps. */
    int64_t pot = pm_payout_distributable(rules), cap = pm_payout_cap(rules), paid = 0;
    size_t next = 0;
    for (; next < count && claims[next].reputation > 0; next++) {
        if ((wide)claims[next].reputation * pot <= (wide)cap * weight) {
            break;
        }
        paid_rao[claims[next].index] = cap;
        paid += cap;
        pot -= cap;
        weight -= claims[next].reputation;
    }
    for (; next < count; next++) {
        int64_t share = weight ? (int64_t)((wide)claims[next].reputation * pot / weight) : 0;
        paid_rao[claims[next].index] = share;
        paid += share;
    }
    free(claims);
    *pool_rao = rules->budget_rao - paid;
    return true;
}
