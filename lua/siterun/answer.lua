-- Reads an answer's body, whatever form it has.
local json = require "c.json"

local M = {}

---The body without a byte order mark.
---@param body? string
---@return string
function M.text(body)
  return ((body or ""):gsub("^\xEF\xBB\xBF", ""))
end

local function content_type(response)
  return response.content_type or (response.headers["content-type"] or ""):lower()
end

---Most answers: text that begins as JSON does and is not said to be anything else.
local function is_plainly_json(response)
  if not (response.body or ""):find("^%s*[{[]") then return false end
  local kind = content_type(response)
  return not kind:find("html", 1, true) and not kind:find("xml", 1, true)
end

---Is the answer a web page, whatever its header says?
---@param response table
---@return boolean
function M.is_html(response)
  local text = M.text(response.body):sub(1, 200):lower()
  return content_type(response):find("html", 1, true) ~= nil
    or text:find("^%s*<!doctype html") ~= nil
    or text:find("^%s*<html") ~= nil
end

---@param response table
---@return boolean
function M.is_xml(response)
  if M.is_html(response) then return false end
  return content_type(response):find("xml", 1, true) ~= nil
    or M.text(response.body):find("^%s*<") ~= nil
end

local function read_json(text)
  local value, problem = json.decode(text)
  if value == nil then
    return nil, (problem:gsub("^invalid JSON", "the answer is not JSON", 1))
  end
  return value
end

---Decodes JSON or XML. An empty body is nil without a problem.
---@param response table status, headers, body
---@return any value, string? problem and its place
function M.decode(response)
  if is_plainly_json(response) then return read_json(response.body) end
  local text = M.text(response.body)
  if not text:find("%S") then return nil end
  if M.is_html(response) then return nil, "an HTML page came instead of data" end
  if M.is_xml(response) then return require("siterun.xml").decode(text) end
  return read_json(text)
end

return M
