#include <assert.h>
#include <math.h>

#include <poolminer/consensus.h>
#include <poolminer/payout.h>

/* The score that stands at `rank` (from 0) when they are sorted. Counting instead of sorting keeps
 * the function free of memory that could run out. */
static double score_at_rank(const double *scores, size_t count, size_t rank)
{
    for (size_t i = 0; i < count; i++) {
        size_t less = 0, equal = 0;
        for (size_t j = 0; j < count; j++) {
            less += scores[j] < scores[i];
            equal += scores[j] == scores[i];
        }
        if (less <= rank && rank < less + equal) {
            return scores[i];
        }
    }
    assert(false && "scores are finite, so one of them has the rank");
    return NAN;
}

double pm_consensus_median(const double *scores, size_t count)
{
    assert(count > 0);
    double upper = score_at_rank(scores, count, count / 2);
    if (count % 2 == 1) {
        return upper;
    }
    double lower = score_at_rank(scores, count, count / 2 - 1);
    return (lower + upper) / 2;
}

bool pm_consensus_accurate(double score, double median, double tolerance)
{
    return fabs(score - median) <= tolerance * fabs(median);
}

double pm_evolution_reward(double median, double base, double threshold)
{
    return median >= threshold ? base * median : 0;
}

int64_t pm_reputation_micro(double points)
{
    double micro = round(points * PM_REPUTATION_UNIT);
    if (isnan(micro)) {
        return 0;
    }
    if (micro >= 0x1p63) {
        return INT64_MAX;
    }
    if (micro < -0x1p63) {
        return INT64_MIN;
    }
    return (int64_t)micro;
}
