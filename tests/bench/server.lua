-- nginx on loopback with what the workloads ask for: /small, /page/1 to /page/100 and /slow, which is
-- /small after a second.
local json = require "json"
local t = require "tests.t"

local M = { PAGES = 100, ROWS = 1000 }

M.SMALL = { id = 4711, ticketNo = 4711, title = "Generator does not start", status = "Open", minutes = 37,
  resolved = false, assignee = { id = 99, name = "Hưng Nguyễn", email = "hung@example.com" }, site = json.null,
  tags = { "power", "visit" }, createdOn = "2026-07-01T10:00:00Z", url = "https://desk.example.com/t/4711" }

local WORDS = {}
for word in ("generator tower battery alarm fails after storm door lock replaced cannot reach site für naïve visit"):gmatch("%S+") do
  WORDS[#WORDS + 1] = word
end

local function text(count)
  local words = {}
  for i = 1, count do words[i] = WORDS[math.random(#WORDS)] end
  return table.concat(words, " ")
end

local function person()
  return { id = math.random(10 ^ 6), name = text(2), email = ("u%d@example.com"):format(math.random(10 ^ 5)) }
end

local function ticket(id)
  return { id = id, number = ("INC%07d"):format(id), title = text(5), status = "open",
    description = text(20) .. '\n"' .. text(7) .. '"', priority = math.random(4),
    minutes = math.random(0, 499), score = math.random(10 ^ 4) / 1e4, resolved = math.random(2) == 1,
    requester = person(), assignee = math.random(2) == 1 and person() or json.null,
    tags = { "power", "visit" }, createdAt = ("2026-05-%02dT10:00:00Z"):format(math.random(28)),
    updatedAt = ("2026-06-%02dT10:00:00Z"):format(math.random(28)),
    url = "https://desk.example.com/api/v2/tickets/" .. id }
end

---@return integer bytes, integer minutes of all pages
local function write_pages(folder)
  local bytes, minutes = 0, 0
  math.randomseed(1)
  for number = 1, M.PAGES do
    local page = { items = {}, continuationToken = number < M.PAGES and tostring(number + 1) or nil }
    for i = 1, M.ROWS do
      page.items[i] = ticket(number * M.ROWS + i)
      minutes = minutes + page.items[i].minutes
    end
    local body = json.encode(page)
    -- Keys are sorted, and whoever turns pages by hand looks at the end.
    body = body:gsub('^{"continuationToken":("%d+"),(.*)}$', '{%2,"continuationToken":%1}')
    t.write(folder .. "/" .. number, body)
    bytes = bytes + #body
  end
  return bytes, minutes
end

local CONFIGURATION = [[
load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
worker_processes 1; worker_rlimit_nofile 20000; pid @DIR@/pid; error_log @DIR@/errors warn;
events { worker_connections 15000; }
http {
  access_log off; default_type application/json; sendfile on; tcp_nopush on; tcp_nodelay on;
  keepalive_timeout 300s; keepalive_requests 1000000000; open_file_cache max=1000 inactive=300s;
  client_body_temp_path @DIR@/t1; proxy_temp_path @DIR@/t2; fastcgi_temp_path @DIR@/t3;
  uwsgi_temp_path @DIR@/t4; scgi_temp_path @DIR@/t5;
  server {
    listen 127.0.0.1:@PORT@ backlog=4096;
    location = /small { return 200 '@SMALL@'; }
    location = /slow { echo_sleep 1; echo -n '@SMALL@'; }
    location / { root @DIR@; }
  }
}
]]

local function start_nginx(folder, small)
  for _ = 1, 20 do
    local port = math.random(20000, 30000)
    t.write(folder .. "/conf", (CONFIGURATION:gsub("@(%u+)@", { DIR = folder, PORT = port, SMALL = small })))
    if os.execute(("nginx -e %s/errors -c %s/conf 2>/dev/null"):format(folder, folder)) then return port end
  end
  error("nginx does not start: " .. t.read(folder .. "/errors"))
end

---@param folder string an empty one, for this server alone
---@param has_pages? boolean
function M.start(folder, has_pages)
  local small, bytes, minutes = json.encode(M.SMALL), 0, 0
  assert(os.execute("chmod 755 " .. folder .. " && mkdir -p " .. folder .. "/page"))
  if has_pages then bytes, minutes = write_pages(folder .. "/page") end
  math.randomseed(os.time())
  local port = start_nginx(folder, small)
  return setmetatable({ url = "http://127.0.0.1:" .. port, folder = folder, bytes = bytes, minutes = minutes,
    small = #small }, { __close = function() os.execute(("nginx -c %s/conf -s stop 2>/dev/null"):format(folder)) end })
end

return M
