-- A chain of refresh tokens: each answer's successor is presented next. WRK_TOKENS names a file, a token a line, with
-- more tokens than connections, so that none is ever presented twice.
local waiting, first, last = {}, 1, 0

local function keep(token)
  last = last + 1
  waiting[last] = token
end

init = function()
  for token in io.lines(os.getenv("WRK_TOKENS")) do keep(token) end
end

local headers = {
  ["Content-Type"] = "application/x-www-form-urlencoded",
  ["Authorization"] = os.getenv("WRK_AUTHORIZATION"),
}

request = function()
  local token = waiting[first] or "none-left"
  waiting[first] = nil
  first = first + 1
  return wrk.format("POST", nil, headers, "grant_type=refresh_token&refresh_token=" .. token)
end

response = function(status, _, body)
  local token = status == 200 and body:match('"refresh_token":"([^"]+)"')
  if token then keep(token) end
end
dofile(os.getenv("WRK_REPORT"))
