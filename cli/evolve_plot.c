#include "cli/evolve_trace.h"

#include <math.h>

#include <poolminer/file.h>
#include <poolminer/text.h>

/* The picture and the field within it, in pixels. */
static const double WIDTH = 800, HEIGHT = 420, LEFT = 64, RIGHT = 20, TOP = 40, BOTTOM = 52;

struct field {
    double first, last; /* generations */
    double low, high;   /* scores */
};

static double place_x(const struct field *field, double generation)
{
    return LEFT +
           (generation - field->first) / (field->last - field->first) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const struct field *field, double score)
{
    return HEIGHT - BOTTOM -
           (score - field->low) / (field->high - field->low) * (HEIGHT - TOP - BOTTOM);
}

/* Whole steps of 0.05 around all scores there are. */
static struct field find_field(const struct evolve_trace *trace)
{
    struct field field = {.first = 1, .last = 2, .low = 1, .high = 0};
    for (size_t i = 0; i < trace->count; i++) {
        const struct pm_evolution_progress *point = &trace->points[i];
        field.last = fmax(field.last, point->generation);
        field.low = fmin(field.low, fmin(point->best, point->mean));
        field.high = fmax(field.high, fmax(point->best, point->mean));
    }
    field.low = floor(fmin(field.low, field.high) * 20) / 20;
    field.high = fmax(ceil(field.high * 20) / 20, field.low + 0.05);
    return field;
}

static void append_escaped(struct pm_text *svg, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        switch (*at) {
        case '&':
            pm_text_append(svg, "&amp;");
            break;
        case '<':
            pm_text_append(svg, "&lt;");
            break;
        case '>':
            pm_text_append(svg, "&gt;");
            break;
        default:
            /* Control characters may not stand in XML. */
            pm_text_append(svg, "%c", (unsigned char)*at < ' ' ? ' ' : *at);
        }
    }
}

static void append_axes(struct pm_text *svg, const struct field *field)
{
    const int steps = (int)lround((field->high - field->low) / 0.05);
    for (int i = 0; i <= steps; i++) {
        const double score = field->low + 0.05 * i, y = place_y(field, score);
        pm_text_append(svg,
                       "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n"
                       "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.2f</text>\n",
                       LEFT, y, WIDTH - RIGHT, y, LEFT - 8, y + 4, score);
    }
    for (int i = 0; i <= 5; i++) {
        const double generation = round(field->first + (field->last - field->first) * i / 5);
        pm_text_append(svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.0f</text>\n",
                       place_x(field, generation), HEIGHT - BOTTOM + 20, generation);
    }
    pm_text_append(svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">generation</text>\n",
                   (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10);
}

enum curve { BEST, MEAN };

static void append_curve(struct pm_text *svg, const struct field *field,
                         const struct evolve_trace *trace, enum curve curve)
{
    pm_text_append(svg, "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"%s\" points=\"",
                   curve == BEST ? "#1b6ca8" : "#d98324");
    for (size_t i = 0; i < trace->count; i++) {
        const struct pm_evolution_progress *point = &trace->points[i];
        pm_text_append(svg, "%.1f,%.1f ", place_x(field, point->generation),
                       place_y(field, curve == BEST ? point->best : point->mean));
    }
    pm_text_append(svg, "\"/>\n<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\">%s</text>\n",
                   WIDTH - RIGHT - 150, HEIGHT - BOTTOM - (curve == BEST ? 32.0 : 14.0),
                   curve == BEST ? "#1b6ca8" : "#d98324",
                   curve == BEST ? "best so far" : "mean of population");
}

bool evolve_plot_write(const char *path, const char *title, const struct evolve_trace *trace,
                       struct pm_error *error)
{
    const struct field field = find_field(trace);
    struct pm_text svg = {.length = 0};
    pm_text_append(&svg,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                   "font-family=\"sans-serif\" font-size=\"13\">\n"
                   "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
                   "<text x=\"%.1f\" y=\"24\" font-size=\"15\">",
                   WIDTH, HEIGHT, LEFT);
    append_escaped(&svg, title);
    pm_text_append(&svg, "</text>\n");
    append_axes(&svg, &field);
    append_curve(&svg, &field, trace, MEAN);
    append_curve(&svg, &field, trace, BEST);
    pm_text_append(&svg, "</svg>\n");
    bool done = !svg.failed;
    if (!done) {
        pm_fail(error, PM_ERROR_MEMORY, "%s: out of memory to draw it", path);
    }
    done = done && pm_file_write_atomic(path, svg.data, svg.length, 0644, true, error);
    pm_text_clear(&svg);
    return done;
}
