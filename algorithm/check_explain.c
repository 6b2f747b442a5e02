#include "algorithm/reading.h"

#include <poolminer/check.h>

const char *pm_check_use_name(enum pm_check_use use)
{
    static const char *const names[] = {"live", "dead", "inert"};
    return names[use];
}

static void explain_memory(const struct pm_check *check, struct pm_text *out)
{
    const struct pm_algorithm_meta *meta = &check->algorithm->meta;
    pm_text_append(out, "memory: %d scalars, %d vectors of %d, %d matrices of %d x %d; %d inputs\n",
                   meta->scalar_count, meta->vector_count, meta->vector_dim, meta->matrix_count,
                   meta->vector_dim, meta->vector_dim, check->algorithm->input_dim);
}

static void explain_use(const struct pm_check *check, const struct pm_check_instruction *at,
                        struct pm_text *out)
{
    if (at->use == PM_USE_DEAD) {
        pm_text_append(out, "   dead: nothing needs what it writes");
    } else if (at->use == PM_USE_INERT) {
        pm_text_append(out, "   inert: %s",
                       pm_inertness_reason(
                           pm_instruction_inertness(&at->instruction, &check->algorithm->meta)));
    }
}

static void explain_phase(const struct pm_check *check, enum pm_phase phase, struct pm_text *out)
{
    pm_text_append(out, "\n%s: %zu live, %zu dead, %zu inert\n", pm_phase_name(phase),
                   pm_check_count(check, phase, PM_USE_LIVE),
                   pm_check_count(check, phase, PM_USE_DEAD),
                   pm_check_count(check, phase, PM_USE_INERT));
    for (size_t i = 0; i < check->instruction_count; i++) {
        const struct pm_check_instruction *at = &check->instructions[i];
        if (at->phase != phase) {
            continue;
        }
        char statement[PM_STATEMENT_SIZE];
        pm_instruction_write(&at->instruction, statement);
        pm_text_append(out, "  line %4d  %-28s", at->line, statement);
        explain_use(check, at, out);
        while (out->length > 0 && out->data[out->length - 1] == ' ') {
            out->data[--out->length] = '\0';
        }
        pm_text_append(out, "\n");
    }
}

static void explain_unwritten(const struct pm_check *check, struct pm_text *out)
{
    if (check->unwritten_count > 0) {
        pm_text_append(out, "\nread before they are written, so 0 for the first example:\n");
    }
    for (size_t i = 0; i < check->unwritten_count; i++) {
        const struct pm_check_unwritten *at = &check->unwritten[i];
        pm_text_append(out, "  line %4d  %c%u in %s%s\n", at->line,
                       pm_kind_letter((enum pm_kind)at->reg.kind), (unsigned)at->reg.index,
                       pm_phase_name(at->phase), at->always ? "; always 0 there" : "");
    }
}

static void explain_whole(const struct pm_check *check, struct pm_text *out)
{
    pm_text_append(out, "\n");
    if (!check->writes_prediction) {
        pm_text_append(out, "s0 is never written: every prediction is 0\n");
    } else if (!check->reads_input) {
        pm_text_append(out, "predictions do not depend on the input\n");
    }
    if (!check->learns) {
        pm_text_append(out, "nothing is learned: no instruction of learn reaches a prediction\n");
    }
    if (check->draws) {
        pm_text_append(out, "draws random numbers; its score is reproducible all the same\n");
    }
}

static void explain_findings(const struct pm_check *check, bool refused, const char *title,
                             struct pm_text *out)
{
    bool titled = false;
    for (size_t i = 0; i < check->finding_count; i++) {
        const struct pm_check_finding *finding = &check->findings[i];
        if (finding->refused != refused) {
            continue;
        }
        if (!titled) {
            pm_text_append(out, "%s\n", title);
        }
        titled = true;
        pm_text_append(out, "  line %4d  %s\n", finding->line, finding->reason);
    }
}

void pm_check_explain(const struct pm_check *check, struct pm_text *out)
{
    explain_memory(check, out);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        explain_phase(check, (enum pm_phase)phase, out);
    }
    explain_unwritten(check, out);
    explain_whole(check, out);
    explain_findings(check, false, "strange, but accepted:", out);
    explain_findings(check, true, "strict reading refuses:", out);
    if (check->strict) {
        pm_text_append(out, "strict reading accepts it\n");
    }
}
