#include "core/duration.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *name;
    double seconds;
} units[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};

static const double longest = 10 * 366 * 86400.0;

/* Seconds in the unit named by the `len` bytes at `name`; 0 when there is no such unit. */
static double unit_seconds(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].name) == len && memcmp(units[i].name, name, len) == 0)
            return units[i].seconds;
    return 0;
}

/* Digits with at most one fraction: no sign, exponent, hexadecimal or "inf". */
static const char *read_number(const char *p, double *value)
{
    double scale = 1;
    const char *start = p;
    for (*value = 0; isdigit((unsigned char)*p); p++)
        *value = *value * 10 + (*p - '0');
    if (p > start && *p == '.')
        for (p++; isdigit((unsigned char)*p); p++)
            *value += (*p - '0') * (scale /= 10);
    return p > start ? p : NULL;
}

static const char *read_part(const char *p, double *seconds)
{
    double value, unit;
    const char *name = read_number(p, &value);
    if (name == NULL)
        return NULL;
    for (p = name; isalpha((unsigned char)*p); p++)
        ;
    unit = unit_seconds(name, (size_t)(p - name));
    if (p == name && *p == '\0' && *seconds == 0)
        unit = 1;
    *seconds += value * unit;
    return unit > 0 ? p : NULL;
}

int duration_parse(const char *text, double *seconds, struct err *err)
{
    const char *p = text;
    double sum = 0;
    do
        p = read_part(p, &sum);
    while (p != NULL && *p != '\0');
    if (p == NULL || !(sum > 0) || sum > longest)
        return err_set(
            err, ERR_USAGE, "'%s' is no duration (like 90s, 10m, 1h or 500ms)", text);
    *seconds = sum;
    return 0;
}
