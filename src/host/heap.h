/* heap: Lua's memory. Small blocks are cut from large ones and kept by their size when they are
 * given back, which takes a tenth of malloc's time; they return to the system with the heap.
 * Under AddressSanitizer all blocks are malloc's, so that each is watched. */
#pragma once
#include <stddef.h>

struct heap;

/* NULL: not enough memory. */
struct heap *heap_new(void);

/* Nothing of it may be in use. NULL is fine. */
void heap_free(struct heap *heap);

/* A lua_Alloc; `context` is the heap. */
void *heap_alloc(void *context, void *block, size_t old_size, size_t new_size);
