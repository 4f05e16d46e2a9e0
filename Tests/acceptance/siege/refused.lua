-- wrk script: POST /v1/tickets with the credentials of a file, one a line, for a file that is too large for the rule.
--
--   wrk -s refused.lua URL -- CREDENTIALS
--
-- Its line RESULT tells how many requests were answered, and how many of the answers were refusals.
local requests, next_one = {}, 0

function init(args)
   local body = '{"rule":"avatars","contentType":"image/png","size":99999999}'
   for credential in io.lines(args[1]) do
      requests[#requests + 1] = "POST /v1/tickets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " ..
         #body .. "\r\nAuthorization: Bearer " .. credential .. "\r\n\r\n" .. body
   end
   request = function()
      next_one = next_one % #requests + 1
      return requests[next_one]
   end
end

function done(summary)
   local e = summary.errors
   io.write(string.format('RESULT {"requests":%d,"seconds":%.6f,"refused":%d,"failures":%d}\n',
      summary.requests, summary.duration / 1e6, e.status, e.connect + e.read + e.write + e.timeout))
end
