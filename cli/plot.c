#include "cli/plot.h"

#include <math.h>

#include <poolminer/file.h>
#include <poolminer/text.h>

/* The picture and the field within it, in pixels. */
static const double WIDTH = 800, HEIGHT = 420, LEFT = 64, RIGHT = 20, TOP = 40, BOTTOM = 52;
static const double NAME_HEIGHT = 18, NAME_WIDTH = 190;

static const char *const colors[PLOT_CURVES_MAX] = {"#1b6ca8", "#d98324", "#3a7d44", "#8c4a86"};

static double place_x(const struct plot *plot, double x)
{
    return LEFT + (x - plot->x_first) / (plot->x_last - plot->x_first) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const struct plot *plot, double y)
{
    const double within = fmin(fmax(y, plot->y_low), plot->y_high);
    return HEIGHT - BOTTOM -
           (within - plot->y_low) / (plot->y_high - plot->y_low) * (HEIGHT - TOP - BOTTOM);
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

static void append_axes(struct pm_text *svg, const struct plot *plot)
{
    const int steps = (int)lround((plot->y_high - plot->y_low) / plot->y_step);
    for (int i = 0; i <= steps; i++) {
        const double value = plot->y_low + plot->y_step * i, y = place_y(plot, value);
        pm_text_append(svg,
                       "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n"
                       "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.2f</text>\n",
                       LEFT, y, WIDTH - RIGHT, y, LEFT - 8, y + 4, value);
    }
    for (int i = 0; i <= 5; i++) {
        double x = plot->x_first + (plot->x_last - plot->x_first) * i / 5;
        x = plot->x_digits == 0 ? round(x) : x;
        pm_text_append(svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.*f</text>\n",
                       place_x(plot, x), HEIGHT - BOTTOM + 20, plot->x_digits, x);
    }
    pm_text_append(svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
                   (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10);
    append_escaped(svg, plot->x_name);
    pm_text_append(svg, "</text>\n");
}

static void append_curve(struct pm_text *svg, const struct plot *plot, size_t index)
{
    const struct plot_curve *curve = &plot->curves[index];
    pm_text_append(svg, "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"%s\" points=\"",
                   colors[index]);
    for (size_t i = 0; i < curve->count; i++) {
        if (isfinite(curve->ys[i])) {
            pm_text_append(svg, "%.1f,%.1f ", place_x(plot, curve->xs[i]),
                           place_y(plot, curve->ys[i]));
        }
    }
    pm_text_append(svg, "\"/>\n");
}

/* On the right, one below the other. */
static void append_names(struct pm_text *svg, const struct plot *plot)
{
    const double top =
        plot->names_low ? HEIGHT - BOTTOM - NAME_HEIGHT * ((double)plot->curve_count + 0.5) : TOP;
    for (size_t i = 0; i < plot->curve_count; i++) {
        pm_text_append(svg, "<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\">", WIDTH - RIGHT - NAME_WIDTH,
                       top + NAME_HEIGHT * (double)(i + 1), colors[i]);
        append_escaped(svg, plot->curves[i].name);
        pm_text_append(svg, "</text>\n");
    }
}

bool plot_write(const char *path, const struct plot *plot, struct pm_error *error)
{
    struct pm_text svg = {.length = 0};
    pm_text_append(&svg,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                   "font-family=\"sans-serif\" font-size=\"13\">\n"
                   "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
                   "<text x=\"%.1f\" y=\"24\" font-size=\"15\">",
                   WIDTH, HEIGHT, LEFT);
    append_escaped(&svg, plot->title);
    pm_text_append(&svg, "</text>\n");
    append_axes(&svg, plot);
    for (size_t i = plot->curve_count; i-- > 0;) { /* the first is drawn over the others */
        append_curve(&svg, plot, i);
    }
    append_names(&svg, plot);
    pm_text_append(&svg, "</svg>\n");
    bool done =
        !svg.failed || pm_fail(error, PM_ERROR_MEMORY, "%s: out of memory to draw it", path);
    done = done && pm_file_write_atomic(path, svg.data, svg.length, 0644, true, error);
    pm_text_clear(&svg);
    return done;
}
