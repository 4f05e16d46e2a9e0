-- wrk script: POST /v1/tickets with the tokens of a file, one a line.
--
--   wrk -s tickets.lua URL -- TOKENS [DELAY_MS]
--
-- The tokens are used in order, and again from the start when they are used up. DELAY_MS (a fraction is met on average) is how long
-- each connection waits between its requests: that holds the rate below the most that the service can do.
local requests, next_one, delay_ms = {}, 0, nil

local threads = {}
function setup(thread) table.insert(threads, thread) end

function init(args)
   delay_ms = tonumber(args[2])
   if not delay_ms then delay = nil end
   math.randomseed(os.time())
   local body = '{"rule":"avatars","filename":"me.png","contentType":"image/png","size":48213}'
   local head = "POST /v1/tickets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " .. #body ..
      "\r\nAuthorization: Bearer "
   for token in io.lines(args[1]) do requests[#requests + 1] = token end
   if #requests <= 10000 then
      for i, token in ipairs(requests) do requests[i] = head .. token .. "\r\n\r\n" .. body end
      head, body = nil, nil
   end
   request = function()
      next_one = next_one % #requests + 1
      used = (used or 0) + 1
      if head then return head .. requests[next_one] .. "\r\n\r\n" .. body end
      return requests[next_one]
   end
end

function delay()
   local whole = math.floor(delay_ms)
   return math.random() < delay_ms - whole and whole + 1 or whole
end

function done(summary, latency)
   local used = 0
   for _, thread in ipairs(threads) do used = used + (thread:get("used") or 0) end
   local e = summary.errors
   io.write(string.format(
      'RESULT {"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"failures":%d,"bad":%d,"used":%d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      e.connect + e.read + e.write + e.timeout, e.status, used))
end
