/* c.json inside a Lua state that runs out of memory at every point in turn: each time an error,
   never a leak (AddressSanitizer looks) or a broken state. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

int luaopen_c_json(lua_State *L);

static const char SCRIPT[] =
    "local c = ...\n"
    "local text = "
    "'{\"a\":[1,2.5,\"x\\\\u0000y\",[],{}],\"b\":{\"c\":null,\"d\":[true,false]},\"e\":\"'\n"
    "  .. ('z'):rep(3000) .. '\"}'\n"
    "local value = assert(c.decode(text))\n"
    "assert(c.encode(value) == text)\n"
    "assert(not c.decode '[1,')\n"
    "assert(not c.encode { a = { b = print } })\n"
    "assert(tostring(value.a):sub(1, 1) == '[')\n";

/* Allocations left until they fail, and then all do (Lua collects and asks once more); below
   zero none does. */
static long countdown = -1;

static bool fails(void)
{
    return countdown >= 0 && (countdown == 0 || --countdown == 0);
}

/* The linker sends the calls of our own code here. */
void *__real_malloc(size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *block, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return fails() ? NULL : __real_realloc(block, size);
}

static void *failing(void *ud, void *block, size_t old, size_t size)
{
    (void)ud;
    if (size == 0) {
        free(block);
        return NULL;
    }
    if ((block == NULL || size > old) && fails())
        return NULL;
    return __real_realloc(block, size);
}

/* The status of the script when its allocations fail from number `nth` on. */
static int run(lua_State *L, long nth)
{
    int status;

    countdown = -1;
    assert_int_equal(luaL_loadstring(L, SCRIPT), LUA_OK);
    lua_getfield(L, LUA_REGISTRYINDEX, "json");
    countdown = nth;
    status = lua_pcall(L, 1, 0, 0);
    countdown = -1;
    lua_settop(L, 0);
    return status;
}

static void test_every_allocation_fails_once(void **state)
{
    lua_State *L = lua_newstate(failing, NULL);
    long nth = 1;

    (void)state;
    luaL_openlibs(L);
    luaL_requiref(L, "c.json", luaopen_c_json, 0);
    lua_setfield(L, LUA_REGISTRYINDEX, "json");
    /* Lua's own buffers make their metatable at the first use, and can't if that fails. */
    assert_int_equal(run(L, -1), LUA_OK);
    while (run(L, nth) != LUA_OK && nth < 1000)
        nth++;
    assert_in_range(nth, 20, 999);
    lua_close(L);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
