/* file: files and folders of the user's: read with a bound, made private. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

/* Appends the contents of a regular file to `out`, whose maximum bounds them. `*shared` says
   whether others than the owner may read or change it. ERR_NOT_FOUND when there is none,
   ERR_CONFIG for all else; the message names the path. */
MUST_USE int file_read(const char *path, struct buf *out, bool *shared, struct err *err);

/* Writes the file anew with mode 0600: what was there stays until all is on the disk. A link in
   its place is replaced. ERR_CONFIG; the message names the path. */
MUST_USE int file_write(const char *path, const void *bytes, size_t len, struct err *err);

/* Makes a file that is not there yet, with this mode less the umask: whole, or not at all.
   ERR_CONFIG; the message names the path. */
MUST_USE int file_create(
    const char *path, const void *bytes, size_t len, unsigned mode, struct err *err);

/* Makes the folder, and those above it, with this mode less the umask; one that exists stays as
 * it is. */
MUST_USE int file_make_folder(const char *path, unsigned mode, struct err *err);

/* Makes a folder of our own below $TMPDIR (/tmp), removed with all in it when this process
   exits. Its path goes to `*path`, which lives as long as the process. The same on each call.
 */
MUST_USE int file_temporary_folder(const char **path, struct err *err);

/* Appends the names in the folder, but not "." and "..", each ended by NUL; those of folders
 * end in "/". As many as there is room for in `out`. ERR_NOT_FOUND when there is no such
 * folder, ERR_CONFIG when it can't be read. */
MUST_USE int file_list(const char *path, struct buf *out, struct err *err);
