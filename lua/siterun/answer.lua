-- Reads an answer's body, whatever form it has.
local http = require "c.http"
local json = require "c.json"

local M = {}

local byte = string.byte

---The body without a byte order mark.
---@param body? string
---@return string
function M.text(body)
  return ((body or ""):gsub("^\xEF\xBB\xBF", ""))
end

---As the service wrote it; nil where it does not say.
local function declared_type(response)
  local lines = response.lines
  if lines then return http.header(lines, "Content-Type") end
  return response.headers["content-type"]
end

local function content_type(response)
  return (declared_type(response) or ""):lower()
end

-- Said of an answer that begins as JSON does, these leave no doubt.
local JSON_TYPES = {
  ["application/json"] = true, ["application/json; charset=utf-8"] = true,
  ["application/json;charset=utf-8"] = true, ["application/json; charset=UTF-8"] = true,
  ["application/json;charset=UTF-8"] = true,
}

local OBJECT, LIST = byte "{", byte "["

---Most answers are; any other is looked at more closely.
local function is_plainly_json(response)
  local first = byte(response.body or "")
  return (first == OBJECT or first == LIST) and JSON_TYPES[declared_type(response)]
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
  if value ~= nil then return value end
  return nil, (problem:gsub("^invalid JSON", "the answer is not JSON", 1))
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
