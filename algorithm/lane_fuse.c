#include "lane_draft.h"

/* A product that only one sum uses is computed where the sum is: its register, for an outer product
 * a whole matrix, is then never written and read. The product is still rounded before it is added,
 * so the bits stay. */

static bool reads(const struct pm_lane_draft *draft, uint8_t slot)
{
    return draft->a == slot || draft->b == slot || draft->c == slot ||
           (draft->partial && draft->out == slot);
}

/* Whether the draft is a product, and what it becomes when it is fused. */
static bool is_product(const struct pm_lane_draft *draft, enum pm_lane_op *fused)
{
    const struct pm_lane_operation *operation = &draft->operation;
    if (operation->op == PM_LANE_OUTER) {
        *fused = PM_LANE_FUSED_OUTER;
        return true;
    }
    *fused = operation->shape == PM_LANE_EACH ? PM_LANE_FUSED_EACH : PM_LANE_FUSED_SCALAR;
    return operation->op == PM_LANE_BINARY && operation->which == PM_LANE_MUL &&
           (operation->shape == PM_LANE_EACH || operation->shape == PM_LANE_SCALAR_LEFT);
}

static bool is_sum(const struct pm_lane_draft *draft)
{
    const struct pm_lane_operation *operation = &draft->operation;
    return operation->op == PM_LANE_BINARY && operation->shape == PM_LANE_EACH &&
           (operation->which == PM_LANE_ADD || operation->which == PM_LANE_SUB);
}

/* Whether a value in `slot` is never read after draft `i`. */
static bool ends_at(const struct pm_lane_drafts *drafts, int i, uint8_t slot)
{
    if (drafts->items[i].out == slot) {
        return !drafts->items[i].partial;
    }
    for (i++; i < drafts->count; i++) {
        const struct pm_lane_draft *draft = &drafts->items[i];
        if (draft->gone) {
            continue;
        }
        if (reads(draft, slot)) {
            return false;
        }
        if (draft->out == slot) {
            return true;
        }
    }
    return !pm_lane_slots_has(&drafts->live_out, slot);
}

/* The sum that uses the product of draft `i`, reachable with the product's factors unchanged and
 * nobody else reading the product on the way; -1 for none. */
static int find_sum(const struct pm_lane_drafts *drafts, int i)
{
    const struct pm_lane_draft *product = &drafts->items[i];
    for (int j = i + 1; j < drafts->count; j++) {
        const struct pm_lane_draft *draft = &drafts->items[j];
        if (draft->gone) {
            continue;
        }
        if (reads(draft, product->out)) {
            return is_sum(draft) && draft->a != draft->b && ends_at(drafts, j, product->out) ? j
                                                                                             : -1;
        }
        if (draft->out == product->out || draft->out == product->a || draft->out == product->b) {
            return -1;
        }
    }
    return -1;
}

static void join(struct pm_lane_draft *product, enum pm_lane_op fused, struct pm_lane_draft *sum)
{
    const bool product_first = sum->a == product->out;
    enum pm_lane_fused which = PM_LANE_PLUS_PRODUCT;
    if (sum->operation.which == PM_LANE_SUB) {
        which = product_first ? PM_LANE_PRODUCT_MINUS : PM_LANE_MINUS_PRODUCT;
    }
    sum->operation = (struct pm_lane_operation){(uint8_t)fused, (uint8_t)which, PM_LANE_EACH};
    sum->c = product_first ? sum->b : sum->a;
    sum->kinds[2] = product_first ? sum->kinds[1] : sum->kinds[0];
    sum->a = product->a;
    sum->b = product->b;
    sum->kinds[0] = product->kinds[0];
    sum->kinds[1] = product->kinds[1];
    sum->count = product->count;
    product->gone = true;
}

void pm_lane_fuse(struct pm_lane_drafts *drafts)
{
    for (int i = 0; i < drafts->count; i++) {
        struct pm_lane_draft *draft = &drafts->items[i];
        enum pm_lane_op fused;
        if (!is_product(draft, &fused) || draft->out >= PM_SLOT_INPUT) {
            continue;
        }
        const int j = find_sum(drafts, i);
        if (j >= 0) {
            join(draft, fused, &drafts->items[j]);
        }
    }
}
