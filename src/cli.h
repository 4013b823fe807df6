/* cli: the command line. Options are data: one table drives parsing, help, completion, manual
 * and the nearest known name of a mistyped one. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
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
    const char *output; /* NULL when not given */
    double deadline;    /* seconds; 0 when not given */
};

/* Reads the arguments, which must outlive `cli`. A mistake is an error of kind usage. Call
 * cli_fini in either case. */
MUST_USE int cli_parse(struct cli *cli, int argc, char **argv, struct err *err);
void cli_fini(struct cli *cli);

/* The text of --help. */
void cli_print_help(FILE *out);

/* An option; without `argument` it takes no value. `words`: what the value may be, parted by
 * blanks, or one of <file>, <profile> and <module>; NULL: anything. `offset` and `kind` are the
 * parser's. */
struct cli_option {
    const char *name, *argument, *text, *words;
    size_t offset; /* of the member of struct cli that it sets; none for steps */
    int kind;
    char letter;
};

struct cli_command {
    const char *name, *text;
};

struct cli_exit {
    int code;
    const char *text;
};

/* Each ends with an entry without a text. */
extern const struct cli_option cli_options[];
extern const struct cli_command cli_commands[];
extern const struct cli_exit cli_exits[];
