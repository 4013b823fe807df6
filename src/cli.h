/* cli: the command line. Options are data: one table drives parsing, help and the nearest known
 * name of a mistyped one. */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "core/err.h"

/* -e and -l are done in the order in which they are given. */
struct cli_step {
    enum { CLI_CODE, CLI_MODULE } kind;
    const char *text;
};

struct cli {
    int argc;
    char **argv;
    int first; /* index of FILE or COMMAND in argv; argc when there is none */
    struct cli_step *steps;
    int step_count;
    bool has_code, interactive, version, help;
    bool sandbox, dry_run, trace, quiet, assume_fresh;
    const char *config, *profile; /* NULL when not given */
    const char *color;
    double deadline; /* seconds; 0 when not given */
};

/* Reads the arguments, which must outlive `cli`. A mistake is an error of kind usage. Call cli_fini
 * in either case. */
MUST_USE int cli_parse(struct cli *cli, int argc, char **argv, struct err *err);
void cli_fini(struct cli *cli);

/* The text of --help. */
void cli_print_help(FILE *out);

/* The words that are commands, NULL-terminated. */
const char *const *cli_commands(void);
