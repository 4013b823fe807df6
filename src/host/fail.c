#include "host/fail.h"

#include "core/err.h"
#include "host/field.h"

static void push_table(lua_State *L, const struct err *err)
{
    lua_createtable(L, 0, 5);
    field_set_text(L, "kind", err_kind_name(err->kind));
    field_set_text(L, "message", err->message);
    field_set_text(L, "sent", err_sent_name(err->sent));
    field_set_integer(L, "attempts", err->attempts);
    if (err->retry_after > 0)
        field_set_number(L, "retry_after", err->retry_after);
}

int fail_push(lua_State *L, const struct err *err)
{
    lua_pushnil(L);
    push_table(L, err);
    return 2;
}
