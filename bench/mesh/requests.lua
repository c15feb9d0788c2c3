-- Requests of wrk: round all services, so that every route and every pool of connections is in use.
-- Arguments: file of names, prefix of the path, milliseconds that a connection waits between requests (0: none).
local requests, next_request, pause = {}, 0, 0

function init(args)
  pause = tonumber(args[3])
  for name in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", args[2] .. name .. "/v1/items/42")
  end
  math.randomseed(42)
  if pause == 0 then delay = nil end
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

-- Uniform from 0 to twice the pause: connections do not move in step.
function delay() return math.floor(math.random() * 2 * pause + 0.5) end

function done(summary, latency)
  local failed = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50":%d,"p90":%d,"p99":%d,"max":%d,"status":%d,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(90), latency:percentile(99),
    latency.max, failed.status, failed.connect + failed.read + failed.write + failed.timeout))
end
