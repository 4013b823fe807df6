#include "core/nearest.h"

#include <string.h>

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Fills row i of the edit matrix from the two before it; rows are kept modulo 3. */
static void fill_row(
    unsigned rows[3][NEAREST_NAME_MAX + 1], size_t i, const char *a, const char *b)
{
    unsigned *row = rows[i % 3];
    const unsigned *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
    row[0] = (unsigned)i;
    for (size_t j = 1; b[j - 1] != '\0'; j++) {
        unsigned replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
        row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            row[j] = least(row[j], two_above[j - 2] + 1);
    }
}

unsigned nearest_distance(const char *a, const char *b)
{
    unsigned rows[3][NEAREST_NAME_MAX + 1];
    size_t n = strlen(a), m = strlen(b);
    if (n > NEAREST_NAME_MAX || m > NEAREST_NAME_MAX)
        return NEAREST_NAME_MAX + 1;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++)
        fill_row(rows, i, a, b);
    return rows[n % 3][m];
}

const char *nearest_name(const char *name, const char *const *known)
{
    const char *best = NULL;
    unsigned third = (unsigned)strlen(name) / 3, best_distance = (third > 2 ? third : 2) + 1;
    for (; *known != NULL; known++) {
        unsigned distance = nearest_distance(name, *known);
        if (distance < best_distance && distance < strlen(*known)) {
            best = *known;
            best_distance = distance;
        }
    }
    return best;
}
