#include "lane_draft.h"

/* A product that only one sum uses is computed where the sum is: its register, for an outer product
 * a whole matrix, is then never written and read. The product is still rounded before it is added,
 * so the bits stay. */

static bool reads(const struct pm_lane_draft *draft, uint8_t slot)
{
    return draft->a == slot || draft->b == slot || draft->c == slot ||
           (draft->partial && draft->out == slot);
}

static bool is_product(const struct pm_lane_draft *draft)
{
    return draft->role == PM_DRAFT_PRODUCT_EACH || draft->role == PM_DRAFT_PRODUCT_SCALAR ||
           draft->role == PM_DRAFT_PRODUCT_OUTER;
}

/* Whether a value in `slot` is never read after draft `i`. */
static bool ends_at(const struct pm_lane_drafts *drafts, int i, uint8_t slot)
{
    if (drafts->items[i].out == slot)
        return !drafts->items[i].partial;
    for (i++; i < drafts->count; i++) {
        const struct pm_lane_draft *draft = &drafts->items[i];
        if (draft->role == PM_DRAFT_GONE)
            continue;
        if (reads(draft, slot))
            return false;
        if (draft->out == slot)
            return true;
    }
    return (drafts->live_out[slot / PM_REGISTER_COUNT_MAX] >> slot % PM_REGISTER_COUNT_MAX & 1) ==
           0;
}

/* The sum that uses the product of draft `i`, reachable with the product's factors unchanged and
 * nobody else reading the product on the way; -1 for none. */
static int find_sum(const struct pm_lane_drafts *drafts, int i)
{
    const struct pm_lane_draft *product = &drafts->items[i];
    for (int j = i + 1; j < drafts->count; j++) {
        const struct pm_lane_draft *draft = &drafts->items[j];
        if (draft->role == PM_DRAFT_GONE)
            continue;
        if (reads(draft, product->out)) {
            const bool usable = draft->role == PM_DRAFT_SUM || draft->role == PM_DRAFT_DIFFERENCE;
            return usable && draft->a != draft->b && ends_at(drafts, j, product->out) ? j : -1;
        }
        if (draft->out == product->out || draft->out == product->a || draft->out == product->b)
            return -1;
    }
    return -1;
}

static pm_lane_kernel *fused_kernel(const struct pm_lane_kernels *kernels, uint8_t role,
                                    enum pm_lane_fused op)
{
    switch (role) {
    case PM_DRAFT_PRODUCT_EACH:
        return kernels->fused_each[op];
    case PM_DRAFT_PRODUCT_SCALAR:
        return kernels->fused_scalar[op];
    default:
        return kernels->fused_outer[op];
    }
}

static void join(struct pm_lane_draft *product, struct pm_lane_draft *sum,
                 const struct pm_lane_kernels *kernels)
{
    const bool product_first = sum->a == product->out;
    enum pm_lane_fused op = PM_LANE_PLUS_PRODUCT;
    if (sum->role == PM_DRAFT_DIFFERENCE)
        op = product_first ? PM_LANE_PRODUCT_MINUS : PM_LANE_MINUS_PRODUCT;
    sum->c = product_first ? sum->b : sum->a;
    sum->a = product->a;
    sum->b = product->b;
    sum->count = product->count;
    sum->kernel = fused_kernel(kernels, product->role, op);
    sum->role = PM_DRAFT_OTHER;
    product->role = PM_DRAFT_GONE;
}

void pm_lane_fuse(struct pm_lane_drafts *drafts, const struct pm_lane_kernels *kernels)
{
    for (int i = 0; i < drafts->count; i++) {
        if (!is_product(&drafts->items[i]) || drafts->items[i].out >= PM_SLOT_INPUT)
            continue;
        const int j = find_sum(drafts, i);
        if (j >= 0)
            join(&drafts->items[i], &drafts->items[j], kernels);
    }
}
