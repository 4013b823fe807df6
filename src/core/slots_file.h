/* slots_file: a block of slots (slots.h) in a file that the processes of one user map, with the
   lock that the kernel frees when its holder dies. There is no daemon.

   The file may be deleted, renamed or replaced at any moment. These hold none the less:
   1. A block is used under the lock of its file, while that is at the path; so from the moment
      when somebody locked a file and found it away, its block stays as it is, but for flights
      whose end is noted in it (slots_ends.h). Their process remembers them until it has the
      lock, and then ends them in whatever block they went to.
   2. Who finds the file away that he has open puts all that it holds into the one at the path,
      both locked, before he closes it. So whoever has something in flight has a file open that
      tells it: the one at the path, or one that was there.
   3. A file that came to the path is used by nobody before somebody looked through the open
      files of all processes and put into it what those hold that were at the path (`file` says
      that it was done; a file that is found away later loses the mark).
   4. What a block holds is put into another once: by `moved` in the one, or by `ancestors` in
      the other. The second counts when the file that it went to is lost, since that was taken
      away too while no process had it open: then it is put in again, flights as their owner
      still has them.
   5. Of two files that one is locked first which was at the path earlier.
   So what is lost is lost with the last process that knew of it: slots of processes that ended,
   in a file that was taken away while nobody had it open. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/slots.h"

struct slots_file;

struct slots_file_spec {
    const char *folder; /* NULL: memory of this process alone */
    const char *name;   /* of the file; a fingerprint of the account */
    int limit;          /* what a damaged file may have held ... */
    int64_t hold_ms;    /* ... and for how long: a window and a guard */
    bool assume_fresh;  /* a damaged file is taken for an empty one, and that is logged */
};

/* Opens the file, or makes it: a first use starts at once. One that is damaged waits out what
   it may have held, which is told on stderr; one of an earlier boot what it held, and may have
   held by the time the power failed. A process opens a path once at a time.
   ERR_CONFIG when the folder is on a network, where neither locks nor maps are shared, or when
   the file can't be used: not a plain file, another user's, no space. */
MUST_USE int slots_file_open(
    struct slots_file **out, const struct slots_file_spec *spec, struct err *err);
void slots_file_close(struct slots_file *file);

/* Waits for the lock (microseconds) and gives the block, which may be at another address each
   time. ERR_CONFIG when the file was taken away and can't be made anew. */
MUST_USE int slots_file_lock(struct slots_file *file, struct slots **out, struct err *err);
void slots_file_unlock(struct slots_file *file);

/* Without the lock: ends a flight of this process, whose slot is held until `free_ms`. It is
   done with the next lock, and may be seen by others before. False when only slots_release can
   tell of it. */
MUST_USE bool slots_file_end(
    struct slots_file *file, struct slots_place place, int64_t free_ms);

/* Does what slots_file_end left, also where the file was taken away. */
void slots_file_settle(struct slots_file *file);

/* Without the lock: whether the block at the path neither holds back a request that needs no
   slot, nor would be changed by it. */
bool slots_file_lets_pass(const struct slots_file *file);

/* Under the lock: waits until what slots_reserve did is on the disk. */
void slots_file_sync(struct slots_file *file);

/* Whether what was done since the lock was given is in the file. If not, because somebody cut
   it, a slot that was taken is none, and the next lock gives a block that counts as damaged. */
bool slots_file_is_whole(const struct slots_file *file);
