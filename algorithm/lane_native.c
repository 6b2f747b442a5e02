#include "lane_native.h"

#include <string.h>

/* Native code for AVX-512: worth its size because an interpreter writes what every step computes to
 * memory and reads it again, and that is what its time goes to. Arithmetic is the kernels',
 * operation by operation, so the bits are the same. */

enum {
    SECTION_BYTES_MAX = 64 * 1024, /* of code */
    EXAMPLES_AT_ONCE = 64          /* of validation */
};

static struct pm_x86_memory base_at(size_t frame, int base)
{
    return pm_emit_frame(frame + offsetof(struct pm_lane_frame, base) +
                         (size_t)base * sizeof(unsigned char *));
}

static struct pm_x86_memory stride_at(int base)
{
    return pm_emit_frame(offsetof(struct pm_lane_native_frame, all) +
                         offsetof(struct pm_lane_frame, stride) + (size_t)base * sizeof(size_t));
}

static struct pm_x86_memory advance_at(int base)
{
    return pm_emit_frame(offsetof(struct pm_lane_native_frame, advance) +
                         (size_t)base * sizeof(size_t));
}

/* ---- a vector that stays in registers ---- */

/* The vector that all of validation's examples read most; PM_SLOT_NONE if they share none. */
static uint8_t choose_pinned(const struct pm_lane_emitter *e, struct pm_lane_place *place)
{
    uint8_t reads[PM_LANE_SLOTS] = {0}, best = PM_SLOT_NONE;
    for (int i = 0; i < e->list->count; i++) {
        for (int operand = 0; operand < 3; operand++) {
            const struct pm_lane_item *item = &e->list->items[i];
            const uint8_t slot = item->slots[operand];
            if (item->roles[operand] != PM_LANE_ELEMENT ||
                item->places[operand].base != PM_LANE_SHARED) {
                continue;
            }
            reads[slot]++;
            if (best == PM_SLOT_NONE || reads[slot] > reads[best]) {
                best = slot;
                *place = item->places[operand];
            }
        }
    }
    return best;
}

static void load_pinned(struct pm_lane_emitter *e, struct pm_lane_place place)
{
    for (uint32_t i = 0; i < e->dim && e->pinned_slot != PM_SLOT_NONE; i++) {
        e->pinned[i] = pm_emit_take(e);
        pm_x86_load(&e->x, e->pinned[i], pm_emit_from_memory(e, place, PM_LANE_WHOLE, i));
    }
}

/* ---- calls ---- */

static void emit_call(struct pm_lane_emitter *e, const struct pm_lane_item *item)
{
    const size_t single = offsetof(struct pm_lane_native_frame, single);
    pm_emit_save_scalars(e, NULL);
    for (int base = 0; base < PM_LANE_BASE_COUNT; base++) {
        pm_x86_write(&e->x, base_at(single, base), pm_emit_base(base));
    }
    const struct pm_x86_memory stack = {PM_X86_RSP, PM_X86_NO_REGISTER, 0};
    pm_x86_write(&e->x, stack, pm_emit_base(PM_LANE_RIGHT)); /* which calls may change */
    pm_x86_set(&e->x, PM_X86_RDI, (uint64_t)(uintptr_t)item->step);
    pm_x86_move(&e->x, PM_X86_RSI, PM_X86_RBX);
    pm_x86_add(&e->x, PM_X86_RSI, (int32_t)single);
    pm_x86_set(&e->x, PM_X86_RAX, (uint64_t)(uintptr_t)item->step->kernel);
    pm_x86_call(&e->x, PM_X86_RAX); /* which keeps no vector register */
    pm_x86_read(&e->x, pm_emit_base(PM_LANE_RIGHT), stack);
    pm_cache_forget_all(e, &e->scalars);
}

/* ---- counting what is predicted right ---- */

static bool has_calls(const struct pm_lane_items *list)
{
    for (int i = 0; i < list->count; i++) {
        if (list->items[i].part == PM_LANE_CALL) {
            return true;
        }
    }
    return false;
}

static void load_constants(struct pm_lane_emitter *e)
{
    static const size_t offsets[] = {offsetof(struct pm_lane_native_frame, one),
                                     offsetof(struct pm_lane_native_frame, half),
                                     offsetof(struct pm_lane_native_frame, integer_one)};
    for (int i = 0; i < 3; i++) {
        e->constants[i] = pm_emit_take(e);
        pm_x86_broadcast(&e->x, e->constants[i], pm_emit_frame(offsets[i]));
    }
}

/* At the end of an instance, when no rows are in registers any more. */
static void emit_count(struct pm_lane_emitter *e)
{
    const uint8_t s0 = 0; /* its slot */
    const struct pm_lane_place label = {0, PM_LANE_LABEL}, counter = {0, PM_LANE_RIGHT};
    if (e->section != PM_LANE_VALIDATE) {
        return;
    }
    const bool loaded = e->constants[0] != PM_NO_VECTOR;
    if (!loaded) {
        load_constants(e);
    }
    const struct pm_lane_cached *entry = pm_cache_find(&e->scalars, s0, 0);
    const struct pm_x86_source prediction =
        entry != NULL ? pm_x86_vector(entry->vector)
                      : pm_emit_from_memory(e, e->prediction, PM_LANE_SCALAR, 0);
    const uint8_t right = pm_emit_take(e), spare = pm_emit_take(e);
    pm_x86_load(&e->x, right, pm_emit_from_memory(e, counter, PM_LANE_SCALAR, 0));
    pm_x86_count_right(&e->x, right, prediction, pm_emit_from_memory(e, label, PM_LANE_SCALAR, 0),
                       e->constants[0], e->constants[1], e->constants[2], spare);
    pm_x86_store(&e->x, pm_emit_memory(e, counter, PM_LANE_SCALAR, 0), right);
    pm_emit_give(e, right);
    pm_emit_give(e, spare);
    for (int i = 0; i < 3 && !loaded; i++) {
        pm_emit_give(e, e->constants[i]);
        e->constants[i] = PM_NO_VECTOR;
    }
}

/* ---- sections ---- */

/* One instance's share. Regions that need too many registers end earlier. */
static bool emit_body(struct pm_lane_emitter *e)
{
    for (int i = 0; i < e->list->count;) {
        int length = pm_lane_region_length(e->list, i);
        if (e->list->items[i].part == PM_LANE_CALL) {
            emit_call(e, &e->list->items[i]);
        } else {
            while (!pm_emit_region(e, i, i + length)) {
                if (--length == 0) {
                    return false;
                }
            }
        }
        i += length;
    }
    pm_emit_save_scalars(e, &e->list->live_out);
    pm_cache_forget_all(e, &e->rows); /* the next instance has other values */
    emit_count(e);
    return !e->x.full;
}

static void load_bases(struct pm_lane_emitter *e)
{
    for (int base = 0; base < PM_LANE_BASE_COUNT; base++) {
        pm_x86_read(&e->x, pm_emit_base(base),
                    base_at(offsetof(struct pm_lane_native_frame, all), base));
    }
}

/* The loops over examples and, in each, over instances. */
static bool emit_loops(struct pm_lane_emitter *e)
{
    const size_t all = offsetof(struct pm_lane_native_frame, all);
    const uint8_t *next_example = e->x.next;
    pm_x86_read(&e->x, PM_X86_RBP, pm_emit_frame(all + offsetof(struct pm_lane_frame, instances)));
    const uint8_t *next_instance = e->x.next;
    if (!emit_body(e)) {
        return false;
    }
    for (int base = 0; base < PM_LANE_BASE_COUNT; base++) {
        pm_x86_add_memory(&e->x, pm_emit_base(base), stride_at(base));
    }
    pm_x86_count_down(&e->x, PM_X86_RBP, next_instance);

    for (int base = 0; base < PM_LANE_BASE_COUNT; base++) {
        pm_x86_read(&e->x, pm_emit_base(base), base_at(all, base));
        pm_x86_add_memory(&e->x, pm_emit_base(base), advance_at(base));
        pm_x86_write(&e->x, base_at(all, base), pm_emit_base(base));
    }
    pm_x86_count_down_memory(&e->x, pm_emit_frame(offsetof(struct pm_lane_native_frame, examples)),
                             next_example);
    return true;
}

/* The loop over the examples of one instance, whose registers are at home. */
static bool emit_home_loop(struct pm_lane_emitter *e)
{
    const size_t all = offsetof(struct pm_lane_native_frame, all);
    pm_homes_load(e);
    pm_x86_read(&e->x, PM_X86_RBP, pm_emit_frame(offsetof(struct pm_lane_native_frame, examples)));
    const uint8_t *next_example = e->x.next;
    if (!emit_body(e)) {
        return false;
    }
    pm_x86_add(&e->x, pm_emit_base(PM_LANE_INPUT), (int32_t)e->input_bytes);
    pm_x86_add(&e->x, pm_emit_base(PM_LANE_LABEL), PM_LANE_VECTOR_SIZE);
    pm_x86_count_down(&e->x, PM_X86_RBP, next_example);
    pm_homes_store(e);
    pm_x86_write(&e->x, base_at(all, PM_LANE_INPUT), pm_emit_base(PM_LANE_INPUT));
    pm_x86_write(&e->x, base_at(all, PM_LANE_LABEL), pm_emit_base(PM_LANE_LABEL));
    return true;
}

static bool emit_section(struct pm_lane_emitter *e, struct pm_lane_place pinned)
{
    pm_x86_enter(&e->x);
    pm_x86_move(&e->x, PM_X86_RBX, PM_X86_RDI);
    load_bases(e);
    if (e->section == PM_LANE_VALIDATE && !has_calls(e->list)) {
        load_constants(e);
    }
    load_pinned(e, pinned);
    if (!(e->home_count > 0 ? emit_home_loop(e) : emit_loops(e))) {
        return false;
    }
    pm_x86_leave(&e->x);
    return !e->x.full && !e->exhausted;
}

/* Random draws need their instance's keys, which native code does not have. */
static bool worthwhile(const struct pm_lane_items *list)
{
    int inlined = 0;
    for (int i = 0; i < list->count; i++) {
        const uint8_t op = list->items[i].step->operation.op;
        if (op == PM_LANE_GAUSSIAN || op == PM_LANE_UNIFORM) {
            return false;
        }
        inlined += list->items[i].part != PM_LANE_CALL;
    }
    return inlined > 0;
}

/* Tries with a pinned vector or homes, then without. */
static bool emit_best(struct pm_lane_emitter *e)
{
    const struct pm_lane_emitter before = *e;
    struct pm_lane_place place = {0};
    if (e->straight) {
        e->pinned_slot = choose_pinned(e, &place);
    }
    pm_homes_choose(e);
    if (emit_section(e, place)) {
        return true;
    }
    *e = before;
    return emit_section(e, place);
}

static void translate_section(struct pm_lane_program *program, enum pm_lane_section section,
                              struct pm_lane_code *code)
{
    struct pm_lane_items list;
    if (!pm_lane_items_list(program, section, &list) || !worthwhile(&list)) {
        return;
    }
    const size_t used = atomic_load(&code->used);
    const size_t room = code->size - used;
    struct pm_lane_emitter e = {
        .x = {.start = code->writable + used,
              .next = code->writable + used,
              .end = code->writable + used + (room < SECTION_BYTES_MAX ? room : SECTION_BYTES_MAX)},
        .list = &list,
        .dim = program->dim,
        .input_bytes = (uint32_t)program->input_dim * PM_LANE_VECTOR_SIZE,
        .free = UINT32_MAX,
        .straight = pm_lane_items_straight(&list, program->dim),
        .section = section,
        .prediction = program->output.a,
        .pinned_slot = PM_SLOT_NONE,
    };
    memset(e.constants, PM_NO_VECTOR, sizeof e.constants);
    if (!emit_best(&e)) {
        return;
    }
    atomic_store(&code->used, used + (((size_t)(e.x.next - e.x.start) + 63) & ~(size_t)63));
    const uint8_t *entry = code->executable + used;
    program->native[section].turned = list.turned;
    memcpy(&program->native[section].run, &entry, sizeof entry);
    if (e.home_count > 0) {
        program->groups = 1;
    }
    if (section == PM_LANE_VALIDATE && program->examples_stateless) {
        program->examples = EXAMPLES_AT_ONCE;
    }
}

void pm_lane_program_translate(struct pm_lane_program *program, struct pm_lane_code *code)
{
    memset(program->native, 0, sizeof program->native);
    if (program->level != PM_SIMD_AVX512 || code == NULL) {
        return;
    }
    translate_section(program, PM_LANE_TRAIN, code);
    translate_section(program, PM_LANE_VALIDATE, code);
}
