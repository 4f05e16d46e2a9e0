-- wrk script: GET the constant, with the same report as tickets.lua.
--
-- Like there, each request comes out of a Lua function: client and server share the machine, so both must cost the client alike.
local constant

function init()
   constant = "GET " .. wrk.path .. " HTTP/1.1\r\nHost: localhost\r\n\r\n"
   request = function() return constant end
end

function done(summary, latency)
   local e = summary.errors
   io.write(string.format(
      'RESULT {"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"failures":%d,"bad":%d,"used":0}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      e.connect + e.read + e.write + e.timeout, e.status))
end
