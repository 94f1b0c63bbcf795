-- The same request again and again: method, body and headers come from the environment.
wrk.method = os.getenv("WRK_METHOD")
local body = os.getenv("WRK_BODY")
if body ~= "" then
  wrk.body = body
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end
local authorization = os.getenv("WRK_AUTHORIZATION")
if authorization ~= "" then wrk.headers["Authorization"] = authorization end
dofile(os.getenv("WRK_REPORT"))
