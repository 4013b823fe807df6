#include "host/option.h"

#include <lauxlib.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct options {
    struct option_text method;
    lua_Integer port;
    double timeout;
    bool write;
    int headers;
    int any;
};

static const char *const methods[] = {"GET", "POST", "DELETE", NULL};

static const struct option table[] = {
    {"method", OPTION_STRING, offsetof(struct options, method), 1, 0, 0, 0, methods},
    {"port", OPTION_INTEGER, offsetof(struct options, port), 0, 0, 65535, 0, NULL},
    {"timeout", OPTION_NUMBER, offsetof(struct options, timeout), 0, 0.1, 600, 0, NULL},
    {"write", OPTION_BOOLEAN, offsetof(struct options, write), 0, 0, 0, 0, NULL},
    {"headers", OPTION_VALUE, offsetof(struct options, headers), 0, 0, 0, LUA_TTABLE, NULL},
    {"any", OPTION_VALUE, offsetof(struct options, any), 0, 0, 0, LUA_TNONE, NULL},
    {NULL, OPTION_VALUE, 0, 0, 0, 0, 0, NULL},
};

static int read_options(lua_State *L)
{
    option_read(L, 1, table, lua_touserdata(L, lua_upvalueindex(1)));
    return lua_gettop(L) - 1;
}

/* Reads the options that the Lua text describes; NULL when that went well, or the error. */
static const char *read_text(lua_State *L, const char *text, struct options *out)
{
    lua_settop(L, 0);
    *out = (struct options){.timeout = 30, .port = 80};
    lua_pushlightuserdata(L, out);
    lua_pushcclosure(L, read_options, 1);
    lua_pushfstring(L, "return %s", text);
    assert_int_equal(luaL_dostring(L, lua_tostring(L, -1)), LUA_OK);
    lua_remove(L, 2);
    return lua_pcall(L, 1, LUA_MULTRET, 0) == LUA_OK ? NULL : lua_tostring(L, -1);
}

static void test_values(void **state)
{
    struct options o;
    assert_null(read_text(*state,
        "{method = 'POST', port = 8080.0, timeout = 2, write = true, headers = {}}", &o));
    assert_string_equal(o.method.data, "POST");
    assert_int_equal(o.method.len, 4);
    assert_int_equal(o.port, 8080);
    assert_true(o.timeout > 1.99 && o.timeout < 2.01);
    assert_true(o.write);
    assert_int_equal(o.headers, 2);
    assert_int_equal(o.any, 0);
    assert_int_equal(lua_gettop(*state), 2);
}

static void test_absent_ones_keep_their_value(void **state)
{
    struct options o;
    assert_null(read_text(*state, "{method = 'GET', any = 7}", &o));
    assert_int_equal(o.port, 80);
    assert_true(o.timeout > 29);
    assert_false(o.write);
    assert_int_equal(o.headers, 0);
    assert_int_equal(lua_tointeger(*state, o.any - 1), 7);
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{method = 'GET', timout = 1}", "unknown option 'timout' (did you mean 'timeout'?)"},
        {"{method = 'GET', colour = 1}", "unknown option 'colour'"},
        {"{method = 'GET', 1}", "option names are strings, got a number"},
        {"{}", "option 'method' is missing"},
        {"nil", "option 'method' is missing"},
        {"{method = 1}", "option 'method': string expected, got number"},
        {"{method = 'PSOT'}", "option 'method': 'PSOT' is none of GET, POST, DELETE"},
        {"{method = 'GET', port = 1.5}", "option 'port': integer expected, got number"},
        {"{method = 'GET', port = '1'}", "option 'port': integer expected, got string"},
        {"{method = 'GET', port = 65536}", "option 'port': it must be from 0 to 65535"},
        {"{method = 'GET', timeout = 0/0}",
            "option 'timeout': finite number expected, got number"},
        {"{method = 'GET', timeout = 1/0}",
            "option 'timeout': finite number expected, got number"},
        {"{method = 'GET', timeout = 0}", "option 'timeout': it must be from 0.1 to 600"},
        {"{method = 'GET', write = 1}", "option 'write': boolean expected, got number"},
        {"{method = 'GET', headers = 1}", "option 'headers': table expected, got number"},
    };
    struct options o;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *message = read_text(*state, cases[i].text, &o);
        assert_non_null(message);
        assert_string_equal(message, cases[i].message);
    }
}

static void test_no_table(void **state)
{
    struct options o;
    assert_non_null(strstr(read_text(*state, "5", &o), "table expected, got number"));
}

static int set_up(void **state)
{
    *state = luaL_newstate();
    return *state == NULL;
}

static int tear_down(void **state)
{
    lua_close(*state);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_absent_ones_keep_their_value),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_no_table),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
