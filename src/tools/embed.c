/* embed: writes, as C, the tables of embedded Lua modules and of the c.* modules.
 *
 *   embed LUA_DIR [FILE.lua | BIND.c]... > embedded.c
 *
 * lua/a/b.lua becomes the module "a.b" (lua/a/init.lua is "a"), compiled here, so that a syntax
 * error stops the build; lines are kept for tracebacks. What its comments say of its functions
 * is kept beside it. src/bind/x.c becomes the module "c.x". */
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct output {
    size_t size;
};

struct module {
    const char *path;
    const char *file; /* below the folder */
    char *name;
    size_t size; /* of its chunk */
};

static int write_bytes(lua_State *L, const void *data, size_t size, void *ud)
{
    struct output *out = ud;
    const unsigned char *bytes = data;
    (void)L;
    for (size_t i = 0; i < size; i++)
        printf("%u,%s", bytes[i], ++out->size % 24 == 0 ? "\n" : "");
    return 0;
}

static void fail(const char *what)
{
    fprintf(stderr, "embed: %s\n", what);
    exit(1);
}

static const char *read_file(lua_State *L, const char *path)
{
    luaL_Buffer b;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail(path);
    luaL_buffinit(L, &b);
    for (size_t n = 1; n > 0;) {
        char *room = luaL_prepbuffer(&b);
        n = fread(room, 1, LUAL_BUFFERSIZE, f);
        luaL_addsize(&b, n);
    }
    fclose(f);
    luaL_pushresult(&b);
    return lua_tostring(L, -1);
}

static int has_suffix(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && strcmp(text + n - m, suffix) == 0;
}

/* "a/b.lua" -> "a.b" */
static char *name_of(const char *file)
{
    size_t len = strlen(file) - strlen(has_suffix(file, "/init.lua") ? "/init.lua" : ".lua");
    char *name = strndup(file, len);
    if (name == NULL)
        fail("not enough memory");
    for (char *at = name; *at != '\0'; at++)
        if (*at == '/')
            *at = '.';
    return name;
}

static const char *line_end(const char *line)
{
    const char *end = strchr(line, '\n');
    return end != NULL ? end + 1 : line + strlen(line);
}

/* The comments that begin with "---", and the first one, each with the line that it is
   about. */
static void print_notes(lua_State *L, const char *text, size_t index)
{
    struct output out = {0};
    bool is_first = true, is_about = false;
    printf("static const unsigned char notes%zu[] = {\n", index);
    for (const char *line = text, *end; *line != '\0'; line = end) {
        const char *start = line + strspn(line, " ");
        bool is_note = strncmp(start, is_first ? "--" : "---", is_first ? 2 : 3) == 0;
        end = line_end(line);
        if (is_note || is_about)
            write_bytes(L, start, (size_t)(end - start), &out);
        is_first = is_first && is_note;
        is_about = is_note;
    }
    printf("0};\n");
}

static size_t print_chunk(lua_State *L, const char *path, const char *relative, size_t index)
{
    struct output out = {0};
    const char *chunk = lua_pushfstring(L, "=[siterun]/%s", relative);
    const char *text = read_file(L, path);
    if (luaL_loadbufferx(L, text, lua_rawlen(L, -1), chunk, "t") != LUA_OK)
        fail(lua_tostring(L, -1));
    printf("static const unsigned char chunk%zu[] = {\n", index);
    lua_dump(L, write_bytes, &out, 0);
    printf("};\n");
    print_notes(L, text, index);
    lua_settop(L, 0);
    return out.size;
}

/* "lua/a/b.lua" -> "a/b.lua"; files that the build made lie in another folder called lua. */
static const char *below(const char *dir, const char *path)
{
    size_t len = strlen(dir);
    const char *made = strstr(path, "/lua/");
    if (strncmp(path, dir, len) == 0 && path[len] == '/')
        return path + len + 1;
    if (made == NULL)
        fail(path);
    return made + strlen("/lua/");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct module *)a)->name, ((const struct module *)b)->name);
}

static size_t list_modules(struct module *modules, const char *dir, int count, char **paths)
{
    size_t found = 0;
    for (int i = 0; i < count; i++) {
        if (!has_suffix(paths[i], ".lua"))
            continue;
        const char *file = below(dir, paths[i]);
        modules[found++] =
            (struct module){.path = paths[i], .file = file, .name = name_of(file)};
    }
    qsort(modules, found, sizeof *modules, by_name);
    return found;
}

static void print_table(const struct module *modules, size_t count)
{
    printf("const struct embedded_module embedded_modules[] = {\n");
    for (size_t i = 0; i < count; i++)
        printf("    {\"%s\", \"%s\", chunk%zu, %zu, notes%zu},\n", modules[i].name,
            modules[i].file, i, modules[i].size, i);
    printf("    {0, 0, 0, 0, 0},\n};\n\nconst size_t embedded_count = %zu;\n\n", count);
}

static void print_modules(lua_State *L, const char *dir, int count, char **paths)
{
    struct module *modules = calloc((size_t)count + 1, sizeof *modules);
    if (modules == NULL)
        fail("not enough memory");
    size_t found = list_modules(modules, dir, count, paths);
    for (size_t i = 0; i < found; i++)
        modules[i].size = print_chunk(L, modules[i].path, modules[i].file, i);
    print_table(modules, found);
    for (size_t i = 0; i < found; i++)
        free(modules[i].name);
    free(modules);
}

static const char *bind_name(char *path)
{
    char *slash = strrchr(path, '/');
    path[strlen(path) - 2] = '\0';
    return slash != NULL ? slash + 1 : path;
}

static void print_binds(int count, char **paths)
{
    const char **names = calloc((size_t)count + 1, sizeof *names);
    int found = 0;
    if (names == NULL)
        fail("not enough memory");
    for (int i = 0; i < count; i++)
        if (has_suffix(paths[i], ".c"))
            names[found++] = bind_name(paths[i]);
    for (int i = 0; i < found; i++)
        printf("int luaopen_c_%s(lua_State *L);\n", names[i]);
    printf("\nconst luaL_Reg embedded_binds[] = {\n");
    for (int i = 0; i < found; i++)
        printf("    {\"c.%s\", luaopen_c_%s},\n", names[i], names[i]);
    printf("    {0, 0},\n};\n");
    free(names);
}

int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    if (L == NULL || argc < 2)
        fail("usage: embed LUA_DIR FILE...");
    printf("#include \"host/embedded.h\"\n\n");
    print_modules(L, argv[1], argc - 2, argv + 2);
    print_binds(argc - 2, argv + 2);
    lua_close(L);
    return fflush(stdout) == 0 ? 0 : 1;
}
