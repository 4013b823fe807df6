/* process: other programs, run without a shell. Each gets its own process group, an empty
   standard input, none of our descriptors and the limit of them that we got, and is killed when
   this process ends, however it ends. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

struct process;

enum { PROCESS_LINE_MAX = 64 * 1024, PROCESS_COMPLAINT_MAX = 1024 };

/* What a program said and how it ended; free with process_result_fini. */
struct process_result {
    int status;           /* exit code, or 128 + the number of the signal that ended it */
    struct buf output;    /* standard output */
    struct buf complaint; /* the last PROCESS_COMPLAINT_MAX bytes of standard error */
};

/* Starts argv[0], looked for in PATH; argv ends with NULL. Its standard output can be read by
   process_line, its standard error is ours. ERR_CONFIG when it can't be run. Free with
   process_free. */
MUST_USE int process_start(struct process **out, const char *const argv[], struct err *err);

/* Reads the next line of its output, without the line end, into `line`: 1; 0 when the output
   has ended; -1 on ERR_TIMEOUT, ERR_INTERRUPTED or a line over PROCESS_LINE_MAX. Waits. */
MUST_USE int process_line(
    struct process *process, struct buf *line, int64_t timeout_ms, struct err *err);

/* Ends its whole group: TERM, and KILL for what is left after 2 s; reaps it. Again is fine. */
void process_stop(struct process *process);
void process_free(struct process *process); /* stops it; NULL is fine */

/* Runs argv to its end and keeps what it said. Over `output_max` bytes or `timeout_ms` it is
   stopped: an error. How it exited is for the caller to judge. */
MUST_USE int process_capture(struct process_result *result, const char *const argv[],
    size_t output_max, int64_t timeout_ms, struct err *err);
void process_result_fini(struct process_result *result); /* wipes */
