#include "cli.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/nearest.h"
#include "host/embedded.h"

enum kind { FLAG, TEXT, WORD, DURATION, CODE, MODULE };

#define AT(member) offsetof(struct cli, member)

const struct cli_option cli_options[] = {
    {NULL, "CODE", "run CODE", NULL, 0, CODE, 'e'},
    {NULL, "MODULE", "require MODULE into a global (NAME=MODULE: called NAME)", "<module>", 0,
        MODULE, 'l'},
    {NULL, NULL, "the REPL, after the script if there is one", NULL, AT(interactive), FLAG,
        'i'},
    {"config", "FILE", "the configuration file", "<file>", AT(config), TEXT, 0},
    {"profile", "NAME", "the profile of the configuration file", "<profile>", AT(profile), TEXT,
        0},
    {"sandbox", NULL, "simulated services on loopback for this run", NULL, AT(sandbox), FLAG,
        0},
    {"dry-run", NULL, "reads go out, writes are only printed", NULL, AT(dry_run), FLAG, 0},
    {"trace", NULL, "one line per exchange on stderr", NULL, AT(trace), FLAG, 0},
    {"deadline", "DUR", "the longest the run may take (90s, 10m, 1h)", NULL, AT(deadline),
        DURATION, 0},
    {"quiet", NULL, "no warnings, no word on waits", NULL, AT(quiet), FLAG, 0},
    {"assume-fresh", NULL, "do not wait out what a damaged state may have held", NULL,
        AT(assume_fresh), FLAG, 0},
    {"color", "WHEN", "auto, always or never", "auto always never", AT(color), WORD, 0},
    {"output", "FORMAT", "json, ndjson, csv or table: how the returned value is written",
        "json ndjson csv table", AT(output), WORD, 'o'},
    {"version", NULL, "print the versions", NULL, AT(version), FLAG, 'v'},
    {"help", NULL, "print this text", NULL, AT(help), FLAG, 'h'},
    {0},
};

const struct cli_command cli_commands[] = {
    {"sandbox", "serve the simulated services and print how to reach them"},
    {"doctor", "check the configuration and the services"},
    {"limits", "show what is left of the services' limits"},
    {"journal", "list the writes of past runs"},
    {"resume", "run the script of an interrupted run again"},
    {"reconcile", "settle the writes whose outcome is unknown"},
    {"plan", "show what a recipe would change"},
    {"apply", "make the changes of a plan"},
    {"examples", "list the recipes that come with siterun, or print one"},
    {"new", "start a recipe"},
    {"completion", "print the completion script of a shell"},
    {0},
};

const struct cli_exit cli_exits[] = {
    {0, "done"},
    {1, "script error"},
    {2, "usage"},
    {3, "configuration or credentials"},
    {4, "refused by the service"},
    {5, "service or network failed"},
    {6, "past the deadline"},
    {7, "outcome of a write unknown"},
    {130, "interrupted"},
    {0},
};

enum { OPTION_COUNT = sizeof cli_options / sizeof *cli_options - 1 };

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

static const struct cli_option *find_name(const char *name, size_t len)
{
    for (const struct cli_option *o = cli_options; o->text != NULL; o++)
        if (o->name != NULL && strlen(o->name) == len && memcmp(o->name, name, len) == 0)
            return o;
    return NULL;
}

static const struct cli_option *find_letter(char letter)
{
    for (const struct cli_option *o = cli_options; o->text != NULL; o++)
        if (o->letter == letter && letter != 0)
            return o;
    return NULL;
}

static int unknown(const char *given, struct err *err)
{
    const char *names[OPTION_COUNT + 1] = {NULL};
    int count = 0;
    for (const struct cli_option *o = cli_options; o->text != NULL; o++)
        if (o->name != NULL)
            names[count++] = o->name;
    char name[NEAREST_NAME_MAX + 1] = {0};
    strncpy(name, given + strspn(given, "-"), sizeof name - 1);
    name[strcspn(name, "=")] = '\0';
    const char *near = strlen(name) > 1 ? nearest_name(name, names) : NULL;
    if (near != NULL)
        return err_set(
            err, ERR_USAGE, "unknown option '%s' (did you mean '--%s'?)", given, near);
    return err_set(err, ERR_USAGE, "unknown option '%s' (see siterun --help)", given);
}

static bool is_word_of(const char *words, const char *value)
{
    size_t len = strlen(value);
    for (const char *word = words; word != NULL; word = strchr(word, ' ')) {
        word += *word == ' ';
        if (strncmp(word, value, len) == 0 && (word[len] == ' ' || word[len] == '\0'))
            return true;
    }
    return false;
}

/* The nearest of the words; "" when none is near. The result is good until the next call. */
static const char *near_word(const char *words, const char *value)
{
    static char copy[64];
    const char *names[8] = {NULL};
    size_t count = 0;
    char *rest = copy;
    strncpy(copy, words, sizeof copy - 1);
    while (count + 1 < sizeof names / sizeof *names && (names[count] = strsep(&rest, " ")))
        count++;
    const char *near = strlen(value) <= NEAREST_NAME_MAX ? nearest_name(value, names) : NULL;
    return near != NULL ? near : "";
}

/* The texts of such options list the words, up to a colon. */
static int set_word(
    const char **member, const struct cli_option *o, const char *value, struct err *err)
{
    *member = value;
    if (is_word_of(o->words, value))
        return 0;
    const char *near = near_word(o->words, value);
    return err_set(err, ERR_USAGE, "--%s is %.*s, not '%s'%s%s%s", o->name,
        (int)strcspn(o->text, ":"), o->text, value, *near ? " (did you mean '" : "", near,
        *near ? "'?)" : "");
}

static int set_deadline(struct cli *cli, const char *value, struct err *err)
{
    if (duration_parse(value, &cli->deadline, err) == 0)
        return 0;
    return err_set(
        err, ERR_USAGE, "--deadline: '%s' is no duration (like 90s, 10m, 1h)", value);
}

static void add_step(struct cli *cli, const struct cli_option *o, const char *text)
{
    struct cli_step *step = &cli->steps[cli->step_count++];
    step->kind = o->kind == CODE ? CLI_CODE : CLI_MODULE;
    step->text = text;
    cli->has_code = cli->has_code || o->kind == CODE;
}

static int apply(
    struct cli *cli, const struct cli_option *o, const char *value, struct err *err)
{
    char *member = (char *)cli + o->offset;
    switch ((enum kind)o->kind) {
    case FLAG:
        *(bool *)(void *)member = true;
        return 0;
    case TEXT:
        *(const char **)(void *)member = value;
        return 0;
    case WORD:
        return set_word((const char **)(void *)member, o, value, err);
    case DURATION:
        return set_deadline(cli, value, err);
    case CODE:
    case MODULE:
        break;
    }
    add_step(cli, o, value);
    return 0;
}

/* Applies the option at argv[i], of which the first `len` bytes are its name. Its value begins
 * at `inline_value`, or is the next word, which must not look like an option (as with lua).
 * Returns the index after what it took, or -1. */
static int take(struct cli *cli, int i, const struct cli_option *o, int len,
    const char *inline_value, struct err *err)
{
    const char *name = cli->argv[i], *value = inline_value;
    if (o->argument == NULL && value != NULL)
        return err_set(err, ERR_USAGE, "option '%.*s' takes no value", len, name);
    if (o->argument != NULL && value == NULL && ++i < cli->argc && !is_option(cli->argv[i]))
        value = cli->argv[i];
    if (o->argument != NULL && (value == NULL || (*value == '\0' && o->kind != CODE)))
        return err_set(err, ERR_USAGE, "option '%.*s' needs %s", len, name, o->argument);
    return apply(cli, o, value, err) == 0 ? i + 1 : -1;
}

static int take_long(struct cli *cli, int i, struct err *err)
{
    const char *name = cli->argv[i] + 2;
    size_t len = strcspn(name, "=");
    const struct cli_option *o = find_name(name, len);
    if (o == NULL)
        return unknown(cli->argv[i], err);
    return take(cli, i, o, (int)len + 2, name[len] == '=' ? name + len + 1 : NULL, err);
}

/* -eCODE or -e CODE, as lua does. */
static int take_short(struct cli *cli, int i, struct err *err)
{
    const char *word = cli->argv[i];
    const struct cli_option *o = find_letter(word[1]);
    if (o == NULL || (o->argument == NULL && word[2] != '\0'))
        return unknown(word, err);
    return take(cli, i, o, 2, word[2] != '\0' ? word + 2 : NULL, err);
}

int cli_parse(struct cli *cli, int argc, char **argv, struct err *err)
{
    int i = 1;
    *cli = (struct cli){.argc = argc, .argv = argv, .color = "auto"};
    cli->steps = calloc((size_t)argc + 1, sizeof *cli->steps);
    if (cli->steps == NULL)
        return err_no_memory(err);
    while (i < argc && is_option(argv[i])) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        i = argv[i][1] == '-' ? take_long(cli, i, err) : take_short(cli, i, err);
        if (i < 0)
            return -1;
    }
    cli->first = i < argc ? i : argc; /* argc may be 0 */
    return 0;
}

void cli_fini(struct cli *cli)
{
    free(cli->steps);
}

static void print_option(FILE *out, const struct cli_option *o)
{
    char left[40];
    snprintf(left, sizeof left, "%c%c%s%s%s%s%s", o->letter ? '-' : ' ',
        o->letter ? o->letter : ' ',
        o->letter && o->name ? ", "
        : o->letter          ? ""
                             : "  ",
        o->name ? "--" : "", o->name ? o->name : "", o->argument ? " " : "",
        o->argument ? o->argument : "");
    fprintf(out, "  %-24s  %s\n", left, o->text);
}

/* A reserved word is a command once a module of its name was built in. */
static bool is_built(const char *command)
{
    static const char prefix[] = "siterun.command.";
    for (const struct embedded_module *m = embedded_modules; m->name != NULL; m++)
        if (strncmp(m->name, prefix, sizeof prefix - 1) == 0 &&
            strcmp(m->name + sizeof prefix - 1, command) == 0)
            return true;
    return false;
}

static void print_command(FILE *out, const struct cli_command *command)
{
    const char *note = is_built(command->name) ? "" : " (not in this version)";
    fprintf(out, "  %-24s  %s%s\n", command->name, command->text, note);
}

enum { HELP_COLUMNS = 80 };

static void print_exits(FILE *out)
{
    int column = fprintf(out, "\nexit codes:");
    for (const struct cli_exit *e = cli_exits; e->text != NULL; e++) {
        char text[60];
        int len = snprintf(
            text, sizeof text, " %d %s%s", e->code, e->text, e[1].text != NULL ? "," : "");
        if (column + len > HELP_COLUMNS)
            column = fprintf(out, "\n ") - 1;
        column += fprintf(out, "%s", text);
    }
    fputs("\n\nsiterun COMMAND --help tells more of a command, man siterun of all.\n", out);
}

void cli_print_help(FILE *out)
{
    fputs(
        "usage: siterun [options] [FILE [ARG...]]   run a recipe (-: standard input); without\n"
        "                                           FILE the REPL, or stdin if no terminal\n"
        "       siterun [options] COMMAND [ARG...]  (./NAME runs a file so "
        "called)\n\noptions:\n",
        out);
    for (const struct cli_option *o = cli_options; o->text != NULL; o++)
        print_option(out, o);
    fputs("\ncommands:\n", out);
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        print_command(out, c);
    print_exits(out);
}
