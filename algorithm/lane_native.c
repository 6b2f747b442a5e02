#include "lane_native.h"

#include <string.h>

/* Native code for AVX-512: worth its size because an interpreter writes what every step computes to
 * memory and reads it again, and that is what its time goes to. Arithmetic is the kernels',
 * operation by operation, so the bits are the same. */

enum { SECTION_BYTES_MAX = 64 * 1024 };

static struct pm_x86_memory frame_at(size_t offset)
{
    return (struct pm_x86_memory){PM_X86_RBX, PM_X86_NO_REGISTER, (int32_t)offset};
}

static const enum pm_x86_register BASES[PM_LANE_BASE_COUNT] = {
    [PM_LANE_OWN] = PM_X86_R12,
    [PM_LANE_SHARED] = PM_X86_R13,
    [PM_LANE_INPUT] = PM_X86_R14,
    [PM_LANE_LABEL] = PM_X86_R15,
};

static size_t base_offset(int base)
{
    return offsetof(struct pm_lane_frame, base) + (size_t)base * sizeof(unsigned char *);
}

static size_t stride_offset(int base)
{
    return offsetof(struct pm_lane_frame, stride) + (size_t)base * sizeof(size_t);
}

/* ---- sections ---- */

static void emit_call(struct pm_lane_emitter *e, const struct pm_lane_item *item)
{
    pm_emit_save_scalars(e, NULL);
    for (int base = 0; base < PM_LANE_BASE_COUNT; base++)
        pm_x86_write(&e->x, frame_at(base_offset(base)), BASES[base]);
    pm_x86_set(&e->x, PM_X86_RDI, (uint64_t)(uintptr_t)item->original);
    pm_x86_move(&e->x, PM_X86_RSI, PM_X86_RBX);
    pm_x86_set(&e->x, PM_X86_RAX, (uint64_t)(uintptr_t)item->step.kernel);
    pm_x86_call(&e->x, PM_X86_RAX); /* which keeps no vector register */
    memset(e->scalar, PM_NO_VECTOR, sizeof e->scalar);
    e->free = UINT32_MAX;
}

/* One instance's share. Regions that need too many registers end earlier. */
static bool emit_body(struct pm_lane_emitter *e)
{
    for (int i = 0; i < e->list->count;) {
        int length = pm_lane_region_length(e->list, i);
        if (e->list->items[i].part == PM_LANE_CALL)
            emit_call(e, &e->list->items[i]);
        else
            while (!pm_emit_region(e, i, i + length))
                if (--length == 0)
                    return false;
        i += length;
    }
    pm_emit_save_scalars(e, &e->list->live_out);
    return !e->x.full;
}

static bool has_calls(const struct pm_lane_items *list)
{
    for (int i = 0; i < list->count; i++)
        if (list->items[i].part == PM_LANE_CALL)
            return true;
    return false;
}

static bool emit_section(struct pm_lane_emitter *e)
{
    const struct pm_x86_memory instances = frame_at(offsetof(struct pm_lane_frame, instances));
    pm_x86_enter(&e->x);
    pm_x86_move(&e->x, PM_X86_RBX, PM_X86_RDI);
    for (int base = 0; base < PM_LANE_BASE_COUNT; base++)
        pm_x86_read(&e->x, BASES[base], frame_at(base_offset(base)));
    pm_x86_read(&e->x, PM_X86_RBP, instances);
    if (has_calls(e->list)) {
        pm_x86_set(&e->x, PM_X86_RAX, 1);
        pm_x86_write(&e->x, instances, PM_X86_RAX);
    }
    const uint8_t *again = e->x.next;
    if (!emit_body(e))
        return false;
    for (int base = 0; base < PM_LANE_BASE_COUNT; base++)
        pm_x86_add_memory(&e->x, BASES[base], frame_at(stride_offset(base)));
    pm_x86_count_down(&e->x, PM_X86_RBP, again);
    pm_x86_leave(&e->x);
    return !e->x.full;
}

/* Random draws need their instance's keys, which native code does not have. */
static bool worthwhile(const struct pm_lane_items *list)
{
    int inlined = 0;
    for (int i = 0; i < list->count; i++) {
        const uint8_t op = list->items[i].step.operation.op;
        if (op == PM_LANE_GAUSSIAN || op == PM_LANE_UNIFORM)
            return false;
        inlined += list->items[i].part != PM_LANE_CALL;
    }
    return inlined > 0;
}

static void translate_section(struct pm_lane_program *program, enum pm_lane_section section,
                              struct pm_lane_code *code)
{
    struct pm_lane_items list;
    struct pm_lane_native *native = &program->native[section];
    if (!pm_lane_items_list(program, section, &list) || !worthwhile(&list))
        return;
    const size_t used = atomic_load(&code->used);
    const size_t room = code->size - used;
    struct pm_lane_emitter e = {
        .x = {.start = code->writable + used,
              .next = code->writable + used,
              .end = code->writable + used + (room < SECTION_BYTES_MAX ? room : SECTION_BYTES_MAX)},
        .list = &list,
        .dim = program->dim,
        .free = UINT32_MAX,
    };
    memset(e.scalar, PM_NO_VECTOR, sizeof e.scalar);
    if (!emit_section(&e))
        return;
    atomic_store(&code->used, used + (((size_t)(e.x.next - e.x.start) + 63) & ~(size_t)63));
    *native = (struct pm_lane_native){.turned = list.turned, .calls = has_calls(&list)};
    const uint8_t *entry = code->executable + used;
    memcpy(&native->run, &entry, sizeof native->run);
}

void pm_lane_program_translate(struct pm_lane_program *program, struct pm_lane_code *code)
{
    memset(program->native, 0, sizeof program->native);
    if (program->level != PM_SIMD_AVX512 || code == NULL)
        return;
    translate_section(program, PM_LANE_TRAIN, code);
    translate_section(program, PM_LANE_VALIDATE, code);
}
