std = "lua54"
max_line_length = 96
max_comment_line_length = 120
-- A case is a row of a table, however long.
files["tests"] = { max_line_length = false }
-- What the host gives to recipes and sessions.
files["lua/siterun/main.lua"] = { globals = { "arg", "os" } }
files["lua/siterun/script.lua"] = { globals = { "_G", "package" } }
files["lua/siterun/coroutines.lua"] = { globals = { "coroutine" } }
files["lua/repl"] = { globals = { "_G" } }
files["tests/run.lua"] = { globals = { "package" } }
