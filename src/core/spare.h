/* spare: memory for libcurl. Small blocks that it gives back, and a large one, are kept for its
   next requests, which takes a third of malloc's time. All are malloc's own, so what was
   allocated before spare_start may be freed here, and what is kept by any thread. Under
   AddressSanitizer none is kept, so that each is watched. */
#pragma once
#include <stddef.h>

/* The calling thread keeps blocks from here on. Others, as the resolver's, never do. */
void spare_start(void);

/* As in the standard library. */
void *spare_malloc(size_t size);
void *spare_calloc(size_t count, size_t size);
void *spare_realloc(void *block, size_t size);
char *spare_strdup(const char *text);
void spare_free(void *block);
