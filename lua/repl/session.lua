---What a session knows, for its commands, its help and its completion.

---@class repl.Session
---@field chunks string[] the texts that ran, in their order
---@field done table<integer, string> those that ended without an error, secrets hidden while they
---are known
---@field text? string the last text of Lua, whatever became of it
---@field last? table packed results of the last chunk that had some
---@field error? repl.Failure the last error
---@field editor? userdata of c.line; nil without a terminal
---@field ended? boolean set by what ends the session
---@field run fun(self, text: string) runs what was typed, Lua or a command
---@field pending string the lines before the one being typed, of the same chunk
local Session = {}
Session.__index = Session

---@class repl.Failure
---@field value any the error itself
---@field message string what was shown
---@field trace string the user's frames, each on a line of its own; "" when none is known

---@return repl.Session
function Session.new()
  return setmetatable({ chunks = {}, done = {}, pending = "" }, Session)
end

---The prompt of a chunk's first line; see repl.prompt.
---@return string
function Session.prompt()
  return require("repl.prompt")()
end

---Keeps the results of a chunk; the first one is the global `_`.
---@param results table packed
function Session:keep(results)
  if results.n > 0 then
    self.last = results
    rawset(_G, "_", results[1])
  end
end

return Session
