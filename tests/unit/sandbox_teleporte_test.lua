local calendar = require("sandbox.calendar")
local json = require("c.json")
local sandbox = require("tests.sandbox")
local t = require("tests.t")

t.test("a login answers 201 with a token and two memberships", function()
  local sb <close> = sandbox.start()
  local answer = sb:login()
  t.equal(answer.status, 201)
  t.match(answer.json.tws_token.tws_token_data, "^%S+$")
  t.equal(#answer.json.tws_memberships, 2)
  t.equal(sb:login("wrong").status, 401)
  t.equal(sb:tp("POST", "/sessions", { json = { user = "x" } }).status, 400)
end)

t.test("calls need four headers", function()
  local sb <close> = sandbox.start()
  t.equal(sb:tp("GET", "/work_sessions").status, 200)
  for name, status in pairs {
    ["Content-Type"] = 415, ["Authorization"] = 401, ["tws-organization-token"] = 403,
    ["tws-membership-id"] = 403,
  } do
    for _, value in ipairs { false, "Bearer wrong" } do
      local headers = sb:tp_headers()
      headers[name] = value or nil
      local answer = sb:tp("GET", "/work_sessions", { headers = headers })
      t.equal(answer.status, status, name)
      t.match(answer.json.error_description, "%w")
    end
  end
end)

t.test("sessions expire", function()
  local sb <close> = sandbox.start("--session", "400ms")
  t.equal(sb:tp("GET", "/sites").status, 200)
  local status
  for _ = 1, 300 do
    status = sb:tp("GET", "/sites").status
    if status ~= 200 then
      break
    end
  end
  t.equal(status, 401)
  sb.session = nil
  t.equal(sb:tp("GET", "/sites").status, 200)
  t.equal(sb:control("POST", "/expire").status, 200)
  t.equal(sb:tp("GET", "/sites").status, 401)
end)

local FORMS = {
  iso = calendar.parse_iso,
  iso_naive = function(text) return text:find("T")
    and calendar.parse_naive((text:gsub("T", " "))) end,
  naive = calendar.parse_naive,
  epoch = function(number) return number * 1000 end,
  epoch_ms = function(number) return number end,
}

for _, place in ipairs { "nested", "root" } do
  for form, parse in pairs(FORMS) do
    t.test(("tells a session's end: %s %s"):format(place, form), function()
      local sb <close> = sandbox.start("--expires", place .. " " .. form, "--session", "2h")
      local answer = sb:login().json
      local here = place == "root" and answer or answer.tws_token
      local there = place == "root" and answer.tws_token or answer
      t.equal(there.tws_token_expires_at, nil)
      local left = parse(here.tws_token_expires_at) / 1000 - os.time()
      t.truthy(left > 7000 and left < 7205, "about two hours, not " .. left)
    end)
  end
end

t.test("a session's end may be absent", function()
  local sb <close> = sandbox.start("--expires", "absent")
  local answer = sb:login()
  t.equal(answer.status, 201)
  t.truthy(not answer.body:find("expires_at", 1, true))
end)

local function pending(sb)
  local ids = {}
  for _, session in ipairs(sb:tp("GET", "/work_sessions").json.data) do
    ids[#ids + 1] = session.status == 0 and session.id or nil
  end
  return ids
end

t.test("approves with ticket number and tasks inside options, once", function()
  local sb <close> = sandbox.start()
  local path = "/work_sessions/" .. pending(sb)[1] .. "/approve"
  for _, body in ipairs {
    { ticket_number = "1" }, { options = { ticket = "1" } },
    { options = { ticket_number = 1 } },
    { options = { tasks = "PDT" } }, { options = { tasks = json.object {} } },
    { options = json.object {}, tasks = json.array {} },
  } do
    t.equal(sb:tp("PUT", path, { json = body }).status, 400, t.show(body))
  end
  local options = { ticket_number = "sarid123", tasks = { "PDT" } }
  local answer = sb:tp("PUT", path, { json = { options = options } })
  t.equal(answer.status, 200)
  t.equal(answer.json.data.status, 1)
  t.equal(answer.json.data.options.ticket_number, "sarid123")
  t.equal(sb:tp("PUT", path, { json = { options = options } }).status, 422)
  t.equal(sb:tp("PUT", "/work_sessions/none/approve", { json = { options = options } }).status,
    404)
end)

t.test("declines without a body, once", function()
  local sb <close> = sandbox.start()
  local path = "/work_sessions/" .. pending(sb)[1] .. "/decline"
  t.equal(sb:tp("PUT", path, { json = { options = { ticket_number = "1" } } }).status, 400)
  local answer = sb:tp("PUT", path)
  t.equal({ answer.status, answer.body }, { 204, "" })
  t.equal(sb:tp("PUT", path).status, 422)
  t.equal(#pending(sb), 23)
end)

local function some_lock(sb)
  local site = sb:tp("GET", "/sites").json.data[1]
  local lock = sb:tp("GET", "/sites/" .. site.id .. "/locks").json.data[1]
  return lock.id, sb:tp("GET", "/work_sessions").json.data[1].user.membership_id
end

t.test("issues keys inside key, and takes them back", function()
  local sb <close> = sandbox.start()
  local lock, membership = some_lock(sb)
  local function assign(changes, outside)
    local key = {
      lock_ids = { lock }, membership_ids = { membership }, start_date = "2025-04-15 10:00:00",
      end_date = "2025-04-15 12:00:00", ticket_number = "S_ID1234",
      options = { tasks = { "PDT" } },
    }
    for name, value in pairs(changes) do
      key[name] = value or nil
    end
    return sb:tp("POST", "/keys", { json = outside and key or { key = key } })
  end
  t.equal(assign({}, true).status, 400, "not inside key")
  for _, changes in ipairs {
    { lock_ids = { tostring(lock) } }, { lock_ids = json.array {} }, { membership_ids = false },
    { start_date = "2025-04-15" }, { end_date = "2025-02-30 10:00:00" }, { tasks = { "PDT" } },
  } do
    t.equal(assign(changes).status, 400, t.show(changes))
  end
  for _, changes in ipairs {
    { end_date = "2025-04-15 10:00:00" }, { lock_ids = { 1 } },
    { membership_ids = { "nobody" } },
  } do
    t.equal(assign(changes).status, 422, t.show(changes))
  end
  local answer = assign {}
  t.equal({ answer.status, #answer.json.data }, { 201, 1 })
  local path = "/keys/" .. answer.json.data[1].id
  t.equal({ sb:tp("DELETE", path).status, sb:tp("DELETE", path).status }, { 204, 404 })
end)

t.test("creates, reads and deletes users", function()
  local sb <close> = sandbox.start()
  local user = { first_name = "Ana", last_name = "Silva", email = "ana@example.com" }
  local answer = sb:tp("POST", "/users", { json = { user = user } })
  t.equal(answer.status, 201)
  local path = "/users/" .. answer.json.data.membership_id
  t.equal(sb:tp("POST", "/users", { json = { user = user } }).status, 422)
  t.equal(sb:tp("POST", "/users", { json = user }).status, 400)
  t.equal(sb:tp("GET", path).json.data.email, "ana@example.com")
  t.equal({ sb:tp("DELETE", path).status, sb:tp("GET", path).status }, { 204, 404 })
end)

t.test("lists sites in either order, their locks, and a lock's state", function()
  local sb <close> = sandbox.start()
  local up, down = sb:tp("GET", "/sites?order=asc").json.data,
    sb:tp("GET", "/sites?order=desc").json.data
  t.equal(#up, 40)
  t.equal(up[1], down[40])
  t.equal(sb:tp("GET", "/sites?order=random").status, 400)
  local lock = some_lock(sb)
  t.equal(sb:tp("GET", "/locks/" .. lock .. "/status").json.data.id, lock)
  t.equal(sb:tp("GET", "/locks/1/status").status, 404)
  t.equal(sb:tp("GET", "/sites/1/locks").status, 404)
end)
