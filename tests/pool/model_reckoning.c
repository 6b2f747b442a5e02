#include "pool/model_reckoning.h"

#include <assert.h>
#include <math.h>

__extension__ typedef __int128 wide;

double reckon_median(double *scores, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const double score = scores[i];
        size_t at = i;
        for (; at > 0 && scores[at - 1] > score; at--) {
            scores[at] = scores[at - 1];
        }
        scores[at] = score;
    }
    const size_t half = count / 2;
    return count % 2 ? scores[half] : (scores[half - 1] + scores[half]) / 2;
}

bool reckon_accurate(double score, double median, double tolerance)
{
    const double off = score < median ? median - score : score - median;
    return off <= tolerance * median; /* scores are never negative */
}

int64_t reckon_micro(double points)
{
    return llround(points * 1e6);
}

int64_t reckon_division(const struct pm_payout_rules *rules, const int64_t *reputation,
                        size_t count, int64_t *paid)
{
    bool capped[RECKON_MINERS_MAX] = {false}, again = true;
    const wide million = 1000000, budget = rules->budget_rao;
    const wide cap = budget * rules->cap_ppm / million;
    wide pot = budget * (million - rules->fee_ppm) / million, points = 0, given = 0;
    assert(count <= RECKON_MINERS_MAX);
    for (size_t i = 0; i < count; i++) {
        points += reputation[i];
    }
    while (again) {
        const wide round_pot = pot, round_points = points;
        again = false;
        for (size_t i = 0; i < count; i++) {
            if (!capped[i] && reputation[i] * round_pot > cap * round_points) {
                capped[i] = again = true;
                pot -= cap;
                points -= reputation[i];
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        const wide share = points && !capped[i] ? reputation[i] * pot / points : 0;
        paid[i] = (int64_t)(capped[i] ? cap : share);
        given += paid[i];
    }
    return (int64_t)(budget - given);
}
