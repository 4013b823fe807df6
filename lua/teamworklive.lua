-- TeamWork Live as data. The vendor's document names no single call, so these are general ones.
return require("service").declare {
  name = "teamworklive",
  title = "TeamWork Live",
  text = "The project that the visit belongs to.",
  source = "http://www.teamworklive.com/Api.htm",
  short = "tw",

  settings = {
    { name = "url", env = "TEAMWORKLIVE_URL", type = "url", required = true,
      text = "address of your site" },
    { name = "email", env = "TEAMWORKLIVE_EMAIL", type = "email", required = true,
      text = "e-mail address of the account" },
    { name = "api_key", env = "TEAMWORKLIVE_API_KEY", type = "secret", required = true,
      text = "the account's API key; it changes with the account's password" },
    { name = "limit", env = "TEAMWORKLIVE_LIMIT", type = "limit", default = "6000/1h",
      text = "requests per window, COUNT/DURATION" },
  },

  account = {
    url = { setting = "url" },
    limit = { setting = "limit" },
    refuses_by_503 = true,
    auth = { kind = "basic", user = { setting = "email" }, secret = { setting = "api_key" } },
  },

  probe = { "get", "clientcompanies" },

  hints = {
    auth = "the API key changes with the account's password: fetch the present key and set "
      .. "TEAMWORKLIVE_API_KEY (and check TEAMWORKLIVE_EMAIL)",
    refused = "correct the fields that the service names",
  },

  -- What the path ends in, before any query: it chooses the form of the answer.
  suffix = { option = "format", default = "json", values = { json = ".json", xml = ".xml" } },

  shared = {
    path = { type = "path", text = "path below the address, without .json",
      example = "clientcompanies/12" },
    resource = { type = "path", text = "name of the resource", example = "clientcompanies" },
    record_id = { type = "id", text = "id of the record", example = 12 },
    body = { type = "body", at = "body", positional = true, whole = true, required = true,
      text = "a table, sent as JSON; or a string of JSON or XML",
        example = { name = "Northern Power" } },
  },

  endpoints = {
    { name = "get", method = "GET", path = "/{path}", open = "query",
      text = "Reads anything.",
      example = [[tw:get("clientcompanies", { page = 2 })]],
      section = "Usage",
      params = { "path" },
      result = { kind = "any" } },

    { name = "post", method = "POST", path = "/{path}",
      text = "Creates something.",
      example = [[tw:post("clientcompanies", { name = "Northern Power" })]],
      section = "Technical Information",
      look = "look for the record before creating it again",
      params = { "path", "body" },
      result = { kind = "any" } },

    { name = "put", method = "PUT", path = "/{path}",
      text = "Changes something.",
      example = [[tw:put("clientcompanies/12", { name = "Northern Power Ltd" })]],
      section = "Technical Information",
      look = "read the record and compare",
      params = { "path", "body" },
      result = { kind = "any" } },

    { name = "delete", method = "DELETE", path = "/{path}",
      text = "Deletes something.",
      example = [[tw:delete("clientcompanies/12")]],
      section = "Technical Information",
      look = "read the record: not_found means it is gone",
      params = { "path" },
      result = { kind = "any" } },

    { name = "resource:list", method = "GET", path = "/{resource}", bound = "resource",
      open = "query",
      text = "Lists the records of a resource.",
      example = [[for c in tw:resource("clientcompanies"):each() do print(c.id, c.name) end]],
      section = "Usage",
      params = { "resource" },
      result = { kind = "list", sole = true } },

    { name = "resource:get", method = "GET", path = "/{resource}/{record_id}",
      bound = "resource",
      text = "Reads one record.",
      example = [[tw:resource("clientcompanies"):get(12)]],
      section = "Usage",
      params = { "resource", "record_id" },
      result = { kind = "any" } },

    { name = "resource:create", method = "POST", path = "/{resource}", bound = "resource",
      text = "Creates a record.",
      example = [[tw:resource("clientcompanies"):create { name = "Northern Power" }]],
      section = "Technical Information",
      look = "look for the record before creating it again",
      params = { "resource", "body" },
      result = { kind = "any" } },

    { name = "resource:update", method = "PUT", path = "/{resource}/{record_id}",
      bound = "resource",
      text = "Changes a record.",
      example = [[tw:resource("clientcompanies"):update(12, { name = "Northern Power Ltd" })]],
      section = "Technical Information",
      look = "read the record and compare",
      params = { "resource", "record_id", "body" },
      result = { kind = "any" } },

    { name = "resource:delete", method = "DELETE", path = "/{resource}/{record_id}",
      bound = "resource",
      text = "Deletes a record.",
      example = [[tw:resource("clientcompanies"):delete(12)]],
      section = "Technical Information",
      look = "read the record: not_found means it is gone",
      params = { "resource", "record_id" },
      result = { kind = "any" } },
  },
}
