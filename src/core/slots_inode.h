/* slots_inode: an open file of slots (slots.h), wherever its name went, with its lock. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/slots.h"
#include "core/slots_map.h"

struct slots_inode {
    int fd; /* -1: none is open */
    dev_t device;
    ino_t number;
    uint64_t id; /* for good: numbers are given out again */
    struct slots_map *map;
    struct slots *slots; /* in the map; NULL until there is one */
};

/* How long a lock is waited for: by a process that holds another lock not for ever, since a
   file that is moved back to its old name can make two of them wait for each other. */
enum slots_inode_wait { SLOTS_INODE_FOREVER, SLOTS_INODE_BRIEFLY };

/* Of no file. */
void slots_inode_init(struct slots_inode *inode);

/* The path is relative to the open folder, which may be AT_FDCWD. 0; or -1 with errno, and no
   file is open. What was opened may be anything: see `stat`. */
int slots_inode_open(
    struct slots_inode *inode, int folder, const char *path, int flags, struct stat *stat);

/* Gives the lock back, too. */
void slots_inode_close(struct slots_inode *inode);

/* These return 0, or -1 with errno. */
int slots_inode_lock(struct slots_inode *inode, enum slots_inode_wait wait);
int slots_inode_map(struct slots_inode *inode);

/* Makes the file as long as a block, without holes: a full disk is found out here. */
int slots_inode_resize(struct slots_inode *inode);

void slots_inode_unlock(struct slots_inode *inode);
void slots_inode_unmap(struct slots_inode *inode);

bool slots_inode_is(const struct slots_inode *inode, const struct stat *stat);

/* Whether it is still what the path names; sets what is known of that. */
bool slots_inode_is_at(const struct slots_inode *inode, const char *path, struct stat *stat);

bool slots_inode_is_torn(const struct slots_inode *inode);
