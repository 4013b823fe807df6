/* What the compiler calls before each store, and ThreadSanitizer's library would define. */
#include <setjmp.h>
#include <stddef.h>

#include "slots_model.h"

struct death death = {.left = -1};

static void store(const void *at, size_t size)
{
    const char *byte = at;

    if (death.left < 0 || byte + size <= death.from || byte >= death.to)
        return;
    if (!death.left--)
        longjmp(death.out, 1);
}

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read1(void *at);
void __tsan_read2(void *at);
void __tsan_read4(void *at);
void __tsan_read8(void *at);
void __tsan_read16(void *at);
void __tsan_read_range(void *at, unsigned long size);
void __tsan_atomic_signal_fence(int order);
void __tsan_write1(void *at);
void __tsan_write2(void *at);
void __tsan_write4(void *at);
void __tsan_write8(void *at);
void __tsan_write16(void *at);
void __tsan_write_range(void *at, unsigned long size);

void __tsan_init(void)
{
}
void __tsan_func_entry(void *caller)
{
    (void)caller;
}
void __tsan_func_exit(void)
{
}
void __tsan_read1(void *at)
{
    (void)at;
}
void __tsan_read2(void *at)
{
    (void)at;
}
void __tsan_read4(void *at)
{
    (void)at;
}
void __tsan_read8(void *at)
{
    (void)at;
}
void __tsan_read16(void *at)
{
    (void)at;
}
void __tsan_read_range(void *at, unsigned long size)
{
    (void)at, (void)size;
}
void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}
void __tsan_write1(void *at)
{
    store(at, 1);
}
void __tsan_write2(void *at)
{
    store(at, 2);
}
void __tsan_write4(void *at)
{
    store(at, 4);
}
void __tsan_write8(void *at)
{
    store(at, 8);
}
void __tsan_write16(void *at)
{
    store(at, 16);
}
void __tsan_write_range(void *at, unsigned long size)
{
    store(at, size);
}
