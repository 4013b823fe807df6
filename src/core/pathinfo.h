/* pathinfo: what the file system says of a path, for who judges whether it is safe to use. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct pathinfo {
    const char *kind; /* "file", "folder" or "other"; of what a link leads to */
    unsigned mode;    /* permission bits */
    bool is_ours;     /* its owner is this user, or root, who can do anything anyway */
    bool is_writable; /* for this user */
    bool is_network;  /* the volume is shared by machines */
    int64_t bytes;
    int64_t free_bytes; /* of the volume, for this user */
};

/* ERR_NOT_FOUND when there is nothing, ERR_CONFIG for all else; the message names the path. */
MUST_USE int pathinfo_read(const char *path, struct pathinfo *out, struct err *err);
