#include "core/notice.h"

#include <stdio.h>

static void print(const struct notice_wait *wait)
{
    fprintf(stderr, "siterun: %s: ", wait->service);
    fputs(wait->paused ? "paused by the service: " : "waiting for the limit: ", stderr);
    if (wait->limit)
        fprintf(stderr, "%d of %d in %g s used, ", wait->used, wait->limit,
            (double)wait->window_ms / 1000);
    fprintf(stderr, "next slot in %lld s, %d other%s waiting\n",
        (long long)(wait->left_ms + 999) / 1000, wait->others, wait->others == 1 ? "" : "s");
}

bool notice_tell(struct notice *notice, const struct notice_wait *wait, int64_t now_ms)
{
    if (notice->given || (!notice->began_ms && wait->left_ms <= NOTICE_LEAST_MS))
        return false;
    if (!notice->began_ms)
        notice->began_ms = now_ms;
    if (!wait->gathered && now_ms < notice->began_ms + NOTICE_GATHER_MS)
        return true;
    notice->given = true;
    if (notice->given_ms && now_ms < notice->given_ms + wait->window_ms / 2)
        return false;
    notice->given_ms = now_ms;
    print(wait);
    return false;
}

void notice_end(struct notice *notice)
{
    notice->given = false;
    notice->began_ms = 0;
}
