/* version: of this program and of the libraries that it runs with. */
#pragma once
#include <stdio.h>

struct version {
    const char *name, *text;
};

/* The program first; ends with an entry without a name. */
const struct version *version_list(void);

void version_print(FILE *out);
