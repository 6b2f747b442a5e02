#include <string.h>

#include <poolminer/nearest.h>

/* Levenshtein distance, for names; anything longer than a name is far away. */
static size_t distance(const char *a, const char *b)
{
    enum { NAME_MAX_LENGTH = 64 };
    size_t length_a = strlen(a), length_b = strlen(b);
    if (length_a > NAME_MAX_LENGTH || length_b > NAME_MAX_LENGTH) {
        return NAME_MAX_LENGTH;
    }
    size_t row[NAME_MAX_LENGTH + 1];
    for (size_t j = 0; j <= length_b; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= length_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t above = row[j];
            size_t best = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            best = above + 1 < best ? above + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[length_b];
}

const char *pm_nearest_name(const char *name, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t best = strlen(name) / 3 + 2;
    for (size_t i = 0; i < count; i++) {
        size_t edits = names[i] != NULL ? distance(name, names[i]) : best;
        if (edits < best) {
            best = edits;
            nearest = names[i];
        }
    }
    return nearest;
}
