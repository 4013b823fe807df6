---Answers: { status, headers = { { name, value }, ... }, body }.
local json = require("c.json")

local M = {}

---@class sandbox.Reply
---@field status integer
---@field headers string[][]
---@field body string
---@field fault? "drop"|"stall"|"truncate" what happens instead

---@param status integer
---@param kind string content type
---@param body string
---@param headers? string[][]
---@return sandbox.Reply
function M.raw(status, kind, body, headers)
  local all = { { "Content-Type", kind } }
  table.move(headers or {}, 1, #(headers or {}), 2, all)
  return { status = status, headers = all, body = body }
end

---@param status integer
---@param value any
---@param headers? string[][]
---@return sandbox.Reply
function M.json(status, value, headers)
  return M.raw(status, "application/json; charset=utf-8", assert(json.encode(value)), headers)
end

---@param status integer
---@return sandbox.Reply
function M.empty(status)
  return { status = status, headers = {}, body = "" }
end

---What a gateway in front of a service says when it cannot reach it.
---@return sandbox.Reply
function M.html()
  local text = "<html><head><title>502 Bad Gateway</title></head>"
    .. "<body><h1>502 Bad Gateway</h1></body></html>\n"
  return M.raw(502, "text/html", text)
end

return M
