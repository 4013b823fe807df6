/* notice: the line on stderr that says that requests wait, and for what. One for each time that
   all of a process's requests have to wait, and not for each slot of a queue that moves on
   slowly. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum {
    NOTICE_LEAST_MS = 2000, /* shorter waits are nobody's concern */
    NOTICE_GATHER_MS = 50,  /* until those who come with the first one can be counted */
};

struct notice {
    int64_t began_ms; /* the wait under way; 0: none */
    bool given;       /* for it */
    int64_t given_ms; /* the last one; 0: none */
};

struct notice_wait {
    const char *service;
    int limit; /* 0: none */
    int used;
    int64_t window_ms, left_ms;
    bool paused;   /* by the service; else the limit is waited for */
    bool gathered; /* whoever waits too is counted already */
    int others;    /* requests that wait too, in all processes */
};

/* A wait began, or goes on: it is told unless it was, or is short. Whether to call again in
   NOTICE_GATHER_MS. */
bool notice_tell(struct notice *notice, const struct notice_wait *wait, int64_t now_ms);

/* It is over. */
void notice_end(struct notice *notice);
