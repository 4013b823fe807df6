/* What the compiler calls before each access, and ThreadSanitizer's library would define. */
#include <setjmp.h>
#include <stddef.h>

#include "slots_model.h"

struct death death = {.left = -1};
struct intrusion intrusion;

static void look(const void *at, size_t size)
{
    const char *byte = at, *ticket = (const char *)intrusion.ticket;

    if (!ticket || byte + size <= ticket || byte >= ticket + sizeof *intrusion.ticket)
        return;
    if (intrusion.left--)
        return;
    intrusion.ticket = NULL;
    intrusion.act();
}

static void store(const void *at, size_t size)
{
    const char *byte = at;

    look(at, size);
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
uint64_t __tsan_atomic64_load(const volatile uint64_t *at, int order);
void __tsan_atomic64_store(volatile uint64_t *at, uint64_t value, int order);
bool __tsan_atomic64_compare_exchange_strong(
    volatile uint64_t *at, uint64_t *expected, uint64_t value, int order, int order_if_not);
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
    look(at, 1);
}
void __tsan_read2(void *at)
{
    look(at, 2);
}
void __tsan_read4(void *at)
{
    look(at, 4);
}
void __tsan_read8(void *at)
{
    look(at, 8);
}
void __tsan_read16(void *at)
{
    look(at, 16);
}
void __tsan_read_range(void *at, unsigned long size)
{
    look(at, size);
}
void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}
uint64_t __tsan_atomic64_load(const volatile uint64_t *at, int order)
{
    (void)order;
    look((const void *)at, sizeof *at);
    return *at;
}
void __tsan_atomic64_store(volatile uint64_t *at, uint64_t value, int order)
{
    (void)order;
    store((const void *)at, sizeof *at);
    *at = value;
}
bool __tsan_atomic64_compare_exchange_strong(
    volatile uint64_t *at, uint64_t *expected, uint64_t value, int order, int order_if_not)
{
    (void)order, (void)order_if_not;
    store((const void *)at, sizeof *at);
    if (*at == *expected) {
        *at = value;
        return true;
    }
    *expected = *at;
    return false;
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
