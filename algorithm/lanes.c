#include "lane_program.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How long a run goes on between two looks at its time: about so many cycles, which is some
 * milliseconds; between steps, each of which may take as long, every so many. */
static const double POLL_CYCLES = 2e7;
enum { POLL_STEPS = 8 };

struct pm_lanes {
    void *memory; /* all that follows points into it */
    size_t capacity;
    unsigned char *state;    /* registers of the groups that train side by side */
    unsigned char *finished; /* what a lane whose training is over hands to validation */
    unsigned char *own;      /* registers of the validation examples that run side by side */
    double examples_left;    /* to the run's next look at the time */
    struct pm_lane_keys keys[PM_LANE_GROUPS_MAX];
    struct pm_lane_squares squares[PM_LANE_GROUPS_MAX]; /* where a fitness is wanted */
};

struct pm_lanes *pm_lanes_create(void)
{
    struct pm_lanes *lanes = aligned_alloc(_Alignof(struct pm_lanes), sizeof *lanes);
    if (lanes != NULL) {
        memset(lanes, 0, sizeof *lanes);
    }
    return lanes;
}

void pm_lanes_destroy(struct pm_lanes *lanes)
{
    if (lanes == NULL) {
        return;
    }
    free(lanes->memory);
    free(lanes);
}

/* Bytes from one validation example's registers to the next one's: machine code keeps nothing of an
 * example but its prediction, the first of them. */
static size_t own_stride(const struct pm_lane_program *program)
{
    return program->native[PM_LANE_VALIDATE].run != NULL ? PM_LANE_VECTOR_SIZE : program->own_bytes;
}

static bool make_room(struct pm_lanes *lanes, const struct pm_lane_program *program)
{
    const size_t state = program->groups * program->state_bytes;
    const size_t finished = program->groups * program->carried_bytes;
    const size_t own = program->own_bytes + (program->examples - 1) * own_stride(program);
    const size_t needed = state + finished + own;
    if (needed > lanes->capacity) {
        free(lanes->memory);
        lanes->capacity = 0;
        lanes->memory = aligned_alloc(PM_LANE_VECTOR_SIZE, needed);
        if (lanes->memory == NULL) {
            return false;
        }
        lanes->capacity = needed;
    }
    lanes->state = lanes->memory;
    lanes->finished = lanes->state + state;
    lanes->own = lanes->finished + finished;
    return true;
}

/* One run of a program on a few neighbouring groups. */
struct run {
    struct pm_lanes *lanes;
    const struct pm_lane_program *program;
    const struct pm_lane_tasks *tasks;
    const struct pm_lane_request *request;
    const struct pm_lane_group *groups;
    uint32_t first;
    size_t group_count;
    double poll_examples; /* how many of them between two looks at the time */
    bool poll_steps;      /* within an example too */
};

static bool over(const struct run *run)
{
    return pm_until_over(run->request->until);
}

static void plan_polls(struct run *run)
{
    const double cycles = run->program->cost * (double)run->group_count;
    const double examples = POLL_CYCLES / fmax(cycles, 1.0);
    run->poll_steps = examples < 1.0;
    run->poll_examples = fmax(examples, 1.0);
    run->lanes->examples_left = run->poll_examples;
}

/* After `examples` more. False when it was time to look at the time, and it is over. */
static bool pass(const struct run *run, double examples)
{
    run->lanes->examples_left -= examples;
    if (run->lanes->examples_left >= 1.0) {
        return true;
    }
    run->lanes->examples_left = run->poll_examples;
    return !over(run);
}

static uint32_t limited(uint32_t count, uint32_t limit)
{
    return limit != 0 && limit < count ? limit : count;
}

static const float *features_of(const struct run *run, size_t group, size_t example)
{
    const struct pm_lane_tasks *tasks = run->tasks;
    const size_t examples = (size_t)tasks->train_capacity + tasks->validation_capacity;
    return tasks->features +
           ((run->first + group) * examples + example) * (size_t)tasks->input_dim * PM_LANES;
}

static const float *labels_of(const struct run *run, size_t group, size_t example)
{
    const size_t examples = (size_t)run->tasks->train_capacity + run->tasks->validation_capacity;
    return run->tasks->labels + ((run->first + group) * examples + example) * PM_LANES;
}

/* A base that steps only read. */
static unsigned char *read_only(const float *data)
{
    return (unsigned char *)(uintptr_t)data;
}

static void interpret(const struct pm_lane_step *steps, int count,
                      const struct pm_lane_frame *frame)
{
    for (int i = 0; i < count; i++) {
        steps[i].kernel(&steps[i], frame);
    }
}

/* The same for steps that may take long. False when the time is over. */
static bool interpret_long(const struct run *run, const struct pm_lane_step *steps, int count,
                           const struct pm_lane_frame *frame)
{
    for (int done = 0; done < count; done += POLL_STEPS) {
        if (done > 0 && over(run)) {
            return false;
        }
        const int left = count - done;
        interpret(steps + done, left < POLL_STEPS ? left : POLL_STEPS, frame);
    }
    return true;
}

/* Runs a section on `examples` examples, one after another; moves the frame on. False when the time
 * was over. */
static bool run_section(const struct run *run, enum pm_lane_section section,
                        struct pm_lane_frame *frame, size_t examples)
{
    const struct pm_lane_program *program = run->program;
    const size_t advance[PM_LANE_BASE_COUNT] = {
        [PM_LANE_INPUT] = (size_t)program->input_dim * PM_LANE_VECTOR_SIZE,
        [PM_LANE_LABEL] = PM_LANE_VECTOR_SIZE,
    };
    if (program->native[section].run != NULL) {
        struct pm_lane_native_frame native = {
            .all = *frame,
            .single = *frame,
            .examples = examples,
            .one = 1.0f,
            .half = 0.5f,
            .shift = 1e-8f,
            .integer_one = 1,
            .magnitude = INT32_MAX,
        };
        native.single.instances = 1;
        memcpy(native.advance, advance, sizeof advance);
        program->native[section].run(&native);
        *frame = native.all;
        return true;
    }
    const struct pm_lane_step *steps = pm_lane_section_steps(program, section);
    for (; examples > 0; examples--) {
        if (!run->poll_steps) {
            interpret(steps, program->step_count[section], frame);
        } else if (!interpret_long(run, steps, program->step_count[section], frame)) {
            return false;
        }
        if (section == PM_LANE_VALIDATE && run->request->accuracy != NULL) {
            program->kernels->count_right(&program->output, frame);
        }
        frame->example++;
        frame->base[PM_LANE_INPUT] += advance[PM_LANE_INPUT];
        frame->base[PM_LANE_LABEL] += advance[PM_LANE_LABEL];
    }
    return true;
}

/* The same, with a look at the time every few milliseconds. */
static bool run_examples(const struct run *run, enum pm_lane_section section,
                         struct pm_lane_frame *frame, size_t examples)
{
    const bool side_by_side = section == PM_LANE_VALIDATE && run->program->examples_stateless;
    const double each = side_by_side ? (double)frame->instances : 1.0;
    while (examples > 0) {
        const double left = run->lanes->examples_left;
        const size_t some = (double)examples < left ? examples : (size_t)left;
        if (!run_section(run, section, frame, some) || !pass(run, each * (double)some)) {
            return false;
        }
        examples -= some;
    }
    return true;
}

/* ---- setup ---- */

static struct pm_lane_frame groups_frame(const struct run *run)
{
    return (struct pm_lane_frame){
        .base[PM_LANE_OWN] = run->lanes->state,
        .stride[PM_LANE_OWN] = run->program->state_bytes,
        .stride[PM_LANE_INPUT] =
            (size_t)(features_of(run, 1, 0) - features_of(run, 0, 0)) * sizeof(float),
        .stride[PM_LANE_LABEL] =
            (size_t)(labels_of(run, 1, 0) - labels_of(run, 0, 0)) * sizeof(float),
        .instances = run->group_count,
        .keys = run->lanes->keys,
        .key_stride = 1,
    };
}

static bool set_up(const struct run *run)
{
    const struct pm_lane_program *program = run->program;
    for (size_t g = 0; g < run->group_count; g++) {
        for (int i = 0; i < program->zeroed_count; i++) {
            memset(run->lanes->state + g * program->state_bytes + program->zeroed[i].offset, 0,
                   program->zeroed[i].size);
        }
    }
    for (size_t g = 0; g < run->group_count && program->random; g++) {
        program->kernels->make_keys(&program->text, run->groups[g].id, &run->lanes->keys[g]);
    }
    const struct pm_lane_frame frame = groups_frame(run);
    return interpret_long(run, pm_lane_section_steps(program, PM_LANE_SETUP),
                          program->step_count[PM_LANE_SETUP], &frame);
}

/* ---- training ---- */

/* Training runs on in all lanes until the longest task is through. A task that ends earlier has
 * what validation needs put aside at its end, and put back at everybody's end. */

static uint32_t train_count(const struct run *run, size_t group, size_t lane)
{
    return limited(run->groups[group].train_count[lane], run->request->train_limit);
}

static bool has_task(const struct run *run, size_t group, size_t lane)
{
    return run->groups[group].task[lane] != UINT32_MAX;
}

/* The first end of a task after `example` examples. */
static uint32_t next_end(const struct run *run, int64_t example)
{
    uint32_t next = UINT32_MAX;
    for (size_t g = 0; g < run->group_count; g++) {
        for (size_t lane = 0; lane < PM_LANES; lane++) {
            const uint32_t end = train_count(run, g, lane);
            if (has_task(run, g, lane) && end > example && end < next) {
                next = end;
            }
        }
    }
    return next;
}

/* Copies what validation needs of the lanes whose training takes from..to examples. */
static void copy_lanes(const struct run *run, uint32_t from, uint32_t to, bool aside)
{
    const struct pm_lane_program *program = run->program;
    for (size_t g = 0; g < run->group_count; g++) {
        _Alignas(PM_LANE_VECTOR_SIZE) int32_t mask[PM_LANES];
        for (size_t lane = 0; lane < PM_LANES; lane++) {
            const uint32_t end = train_count(run, g, lane);
            mask[lane] = has_task(run, g, lane) && end >= from && end <= to ? -1 : 0;
        }
        float *state = (void *)(run->lanes->state + g * program->state_bytes);
        float *finished = (void *)(run->lanes->finished + g * program->carried_bytes);
        program->kernels->blend(aside ? finished : state, aside ? state : finished, mask,
                                program->carried_bytes / PM_LANE_VECTOR_SIZE);
    }
}

/* The first time all lanes are put aside: nothing that was never written is blended, and those that
 * train on are put aside again. */
static void put_all_aside(const struct run *run)
{
    const struct pm_lane_program *program = run->program;
    for (size_t g = 0; g < run->group_count; g++) {
        memcpy(run->lanes->finished + g * program->carried_bytes,
               run->lanes->state + g * program->state_bytes, program->carried_bytes);
    }
}

static uint32_t longest_training(const struct run *run)
{
    uint32_t longest = 0;
    for (size_t g = 0; g < run->group_count; g++) {
        if (run->groups[g].train_max > longest) {
            longest = run->groups[g].train_max;
        }
    }
    return limited(longest, run->request->train_limit);
}

static bool train(const struct run *run)
{
    const struct pm_lane_program *program = run->program;
    const uint32_t last = longest_training(run);
    if (program->step_count[PM_LANE_TRAIN] == 0) {
        return true;
    }

    struct pm_lane_frame frame = groups_frame(run);
    frame.base[PM_LANE_INPUT] = read_only(features_of(run, 0, 0));
    frame.base[PM_LANE_LABEL] = read_only(labels_of(run, 0, 0));
    interpret(pm_lane_section_steps(program, PM_LANE_TRAIN), program->native[PM_LANE_TRAIN].turned,
              &frame);
    uint32_t example = 0;
    bool unequal = false;
    for (uint32_t end = next_end(run, -1); example < last; end = next_end(run, end)) {
        if (!run_examples(run, PM_LANE_TRAIN, &frame, end - example)) {
            return false;
        }
        example = end;
        if (example < last && unequal) {
            copy_lanes(run, example, example, true);
        } else if (example < last) {
            put_all_aside(run);
            unequal = true;
        }
    }
    if (unequal) {
        copy_lanes(run, 0, last - 1, false);
    }
    return true;
}

/* ---- validation ---- */

static uint32_t validation_count(const struct run *run, size_t group, size_t lane)
{
    return limited(run->groups[group].validation_count[lane], run->request->validation_limit);
}

/* Copies out the predictions of a frame's instances: examples of one group, from `example` on, or
 * groups, all at `example`. */
static void keep_predictions(const struct run *run, const struct pm_lane_frame *frame, size_t group,
                             uint32_t example)
{
    const struct pm_lane_place place = run->program->output.a;
    const bool examples = run->program->examples_stateless;
    for (size_t instance = 0; instance < frame->instances; instance++) {
        const size_t g = group + (examples ? 0 : instance);
        const uint32_t i = example + (examples ? (uint32_t)instance : 0);
        const float *prediction =
            (const float *)(const void *)(frame->base[place.base] + place.offset +
                                          instance * frame->stride[place.base]);
        for (size_t lane = 0; lane < PM_LANES; lane++) {
            if (i < validation_count(run, g, lane)) {
                run->request->predictions[run->groups[g].task[lane]][i] = prediction[lane];
            }
        }
    }
}

/* The same for the squares of their errors. */
static void keep_squares(const struct run *run, const struct pm_lane_frame *frame, size_t group,
                         uint32_t example)
{
    const struct pm_lane_place place = run->program->output.a;
    const bool examples = run->program->examples_stateless;
    const size_t groups = examples ? 1 : frame->instances;
    for (size_t g = 0; g < groups; g++) {
        _Alignas(PM_LANE_VECTOR_SIZE) int32_t left[PM_LANES];
        const struct pm_lane_examples some = {
            .predictions = frame->base[place.base] + place.offset + g * frame->stride[place.base],
            .labels = frame->base[PM_LANE_LABEL] + g * frame->stride[PM_LANE_LABEL],
            .prediction_stride = frame->stride[place.base],
            .label_stride = frame->stride[PM_LANE_LABEL],
            .count = examples ? frame->instances : 1,
        };
        for (size_t lane = 0; lane < PM_LANES; lane++) {
            left[lane] = (int32_t)(validation_count(run, group + g, lane) - example);
        }
        run->program->kernels->add_squares(&some, left, &run->lanes->squares[group + g]);
    }
}

/* Whether anybody wants to see the predictions, and not only how many are right. */
static bool are_predictions_wanted(const struct run *run)
{
    return run->request->predictions != NULL || run->request->fitness != NULL;
}

/* Runs a frame on `examples` examples from `example` on, one after another. */
static bool validate_frame(const struct run *run, struct pm_lane_frame frame, size_t group,
                           uint32_t example, uint32_t examples)
{
    const size_t first = run->tasks->train_capacity + example;
    frame.base[PM_LANE_INPUT] = read_only(features_of(run, group, first));
    frame.base[PM_LANE_LABEL] = read_only(labels_of(run, group, first));
    frame.example = example;
    struct pm_lane_frame moving = frame;
    if (!run_examples(run, PM_LANE_VALIDATE, &moving, examples)) {
        return false;
    }
    if (run->request->predictions != NULL) {
        keep_predictions(run, &frame, group, example);
    }
    if (run->request->fitness != NULL) {
        keep_squares(run, &frame, group, example);
    }
    return true;
}

static bool is_forgetful(const struct run *run)
{
    return run->program->native[PM_LANE_VALIDATE].run != NULL && !are_predictions_wanted(run);
}

/* How many examples are validated at a time. Machine code whose predictions nobody wants keeps
 * nothing of an example but whether it was right, so there may be many. */
static uint32_t examples_together(const struct run *run)
{
    const double most = fmin(run->poll_examples, UINT32_MAX);
    return is_forgetful(run) && most > (double)run->program->examples
               ? (uint32_t)most
               : (uint32_t)run->program->examples;
}

static bool validate_examples(const struct run *run, size_t group, unsigned char *right)
{
    const struct pm_lane_program *program = run->program;
    const uint32_t together = examples_together(run);
    struct pm_lane_frame frame = {
        .base = {[PM_LANE_OWN] = run->lanes->own,
                 [PM_LANE_SHARED] = run->lanes->state + group * program->state_bytes},
        .stride = {[PM_LANE_OWN] = is_forgetful(run) ? 0 : own_stride(program),
                   [PM_LANE_INPUT] = (size_t)run->tasks->input_dim * PM_LANE_VECTOR_SIZE,
                   [PM_LANE_LABEL] = PM_LANE_VECTOR_SIZE},
        .keys = &run->lanes->keys[group],
        .example_stride = 1,
    };
    frame.base[PM_LANE_RIGHT] = right;
    const uint32_t count =
        limited(run->groups[group].validation_max, run->request->validation_limit);
    for (uint32_t example = 0; example < count; example += (uint32_t)frame.instances) {
        const uint32_t left = count - example;
        frame.instances = left < together ? left : together;
        if (!validate_frame(run, frame, group, example, 1)) {
            return false;
        }
    }
    return true;
}

static bool validate_groups(const struct run *run, int32_t (*right)[PM_LANES])
{
    struct pm_lane_frame frame = groups_frame(run);
    uint32_t count = 0;
    for (size_t g = 0; g < run->group_count; g++) {
        if (run->groups[g].validation_max > count) {
            count = run->groups[g].validation_max;
        }
    }
    count = limited(count, run->request->validation_limit);
    frame.base[PM_LANE_RIGHT] = (void *)right;
    frame.stride[PM_LANE_RIGHT] = sizeof *right;
    const uint32_t together = are_predictions_wanted(run) ? 1 : count;
    for (uint32_t example = 0; example < count; example += together) {
        if (!validate_frame(run, frame, 0, example, together)) {
            return false;
        }
    }
    return true;
}

static void keep_accuracies(const struct run *run, int32_t (*right)[PM_LANES])
{
    for (size_t g = 0; g < run->group_count; g++) {
        for (size_t lane = 0; lane < PM_LANES; lane++) {
            const uint32_t count = validation_count(run, g, lane);
            if (has_task(run, g, lane)) {
                run->request->accuracy[run->groups[g].task[lane]] =
                    count > 0 ? right[g][lane] / (double)count : 0.0;
            }
        }
    }
}

static void keep_fitness(const struct run *run)
{
    for (size_t g = 0; g < run->group_count; g++) {
        const struct pm_lane_squares *squares = &run->lanes->squares[g];
        for (size_t lane = 0; lane < PM_LANES; lane++) {
            if (has_task(run, g, lane)) {
                run->request->fitness[run->groups[g].task[lane]] =
                    squares->odd[lane] != 0
                        ? -INFINITY
                        : pm_regression_score(squares->sum[lane], validation_count(run, g, lane));
            }
        }
    }
}

static bool validate(const struct run *run)
{
    _Alignas(PM_LANE_VECTOR_SIZE) int32_t right[PM_LANE_GROUPS_MAX][PM_LANES] = {{0}};
    if (run->request->fitness != NULL) {
        memset(run->lanes->squares, 0, sizeof run->lanes->squares);
    }
    if (run->program->random) {
        for (size_t g = 0; g < run->group_count; g++) {
            for (size_t lane = 0; lane < PM_LANES; lane++) {
                run->lanes->keys[g].first_example[lane] = train_count(run, g, lane);
            }
        }
    }
    if (run->program->examples_stateless) {
        for (size_t g = 0; g < run->group_count; g++) {
            if (!validate_examples(run, g, (unsigned char *)right[g])) {
                return false;
            }
        }
    } else if (!validate_groups(run, right)) {
        return false;
    }
    if (run->request->accuracy != NULL) {
        keep_accuracies(run, right);
    }
    if (run->request->fitness != NULL) {
        keep_fitness(run);
    }
    return true;
}

bool pm_lanes_run(struct pm_lanes *lanes, const struct pm_lane_program *program,
                  const struct pm_lane_tasks *tasks, uint32_t first, uint32_t count,
                  const struct pm_lane_request *request, struct pm_error *error)
{
    assert(program->groups <= PM_LANE_GROUPS_MAX && first + count <= tasks->group_count);
    if (program->input_dim != tasks->input_dim) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the algorithm takes %d inputs but the tasks have %d", program->input_dim,
                       tasks->input_dim);
    }
    if (!make_room(lanes, program)) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for an algorithm's registers");
    }
    struct run run = {
        .lanes = lanes, .program = program, .tasks = tasks, .request = request, .first = first};
    for (uint32_t done = 0; done < count; done += (uint32_t)run.group_count) {
        run.first = first + done;
        run.groups = &tasks->groups[run.first];
        run.group_count = count - done < program->groups ? count - done : program->groups;
        plan_polls(&run);
        if (!set_up(&run) || !train(&run) || !validate(&run)) {
            return pm_fail(error, PM_ERROR_INTERRUPTED, "running an algorithm was interrupted");
        }
    }
    return true;
}
