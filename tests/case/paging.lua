local case = require "tests.case"
local clients = require "tests.clients"

local function page(ids, token, headers)
  local items = require("json").array {}
  for i, id in ipairs(ids) do items[i] = { id = id } end
  return { json = { items = items, continuationToken = token }, headers = headers }
end

local function walk(params)
  return function(listener)
    local ids = {}
    for ticket in clients.ticketing(listener).tickets:each(params) do ids[#ids + 1] = ticket.id end
    return ids
  end
end

local function sent(query, token)
  return { "GET /v1/tickets?timezone=0&" .. query .. "&key=PRIMARY",
    headers = { continuationtoken = token or false } }
end

case "filters go with every page, the offset with the first only" {
  given = { page({ 1, 2 }, "t1"), page({ 3 }, "t2"), page({ 4 }) },
  call = walk { status = "Open", offset = 20, limit = 2 },
  sends = { sent "status=Open&offset=20&limit=2", sent("status=Open&limit=2", "t1"),
    sent("status=Open&limit=2", "t2") },
  result = { 1, 2, 3, 4 },
}

case "the token may come as a header" {
  given = { page({ 1 }, nil, { continuationToken = "t1" }), page({ 2 }) },
  call = walk(),
  sends = { sent "limit=100", sent("limit=100", "t1") },
  result = { 1, 2 },
}

case "the body's token goes before the header's" {
  given = { page({ 1 }, "body", { continuationToken = "header" }), page({ 2 }) },
  call = walk(),
  sends = { sent "limit=100", sent("limit=100", "body") },
}

for name, token in pairs { null = require("json").null, empty = "" } do
  case("a token that is " .. name .. " ends the list") {
    given = { page({ 1 }, token) },
    call = walk(),
    result = { 1 },
  }
end

case "short and empty pages are not the end" {
  given = { page({ 1, 2, 3 }, "a"), page({ 4 }, "b"), page({}, "c"), page({ 5 }) },
  call = walk { limit = 3 },
  result = { 1, 2, 3, 4, 5 },
}

case "an item that moved to a later page comes once" {
  given = { page({ 1, 2 }, "a"), page({ 2, 3 }) },
  call = walk(),
  result = { 1, 2, 3 },
}

case "a page with nothing new ends the list" {
  given = { page({ 1, 2 }, "a"), page({ 1, 2 }, "b") },
  call = walk(),
  result = { 1, 2 },
}

case "a token that comes again is an error" {
  given = { page({ 1 }, "a"), page({ 2 }, "a") },
  call = walk(),
  error = { kind = "decode", operation = "tickets:list", message = "repeats" },
}

for name, token in pairs { ["a line end"] = "a\r\nX-Evil: 1", blanks = "a b", letters = "é" } do
  case("a token with " .. name .. " is refused, not sent") {
    given = { page({ 1 }, token) },
    call = walk(),
    error = { kind = "decode", message = "can't stand in a header" },
  }
end

case "an error in the middle is raised, after what came before" {
  given = { page({ 1 }, "a"), { status = 400, json = { message = "no" } } },
  call = walk(),
  error = { kind = "refused", message = "no" },
}

case "all collects every page" {
  given = { page({ 1 }, "a"), page({ 2 }) },
  call = function(listener) return clients.ticketing(listener).tickets:all { limit = 1 } end,
  result = { { id = 1 }, { id = 2 } },
}

case "stopping early asks for no further page" {
  given = { page({ 1, 2 }, "a") },
  call = function(listener)
    return clients.ticketing(listener).tickets:each()().id
  end,
  sends = { sent "limit=100" },
  result = 1,
}
