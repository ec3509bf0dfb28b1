#!/bin/sh
# The axis stand-in driven with curl alone: send a document, see it arrive, break the line, count what came.
# Needs: lgsp, curl, sed. Ends with 0 when all of it was as it should be.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
place=$(mktemp -d)
trap 'kill $axis 2>/dev/null && wait $axis || true; rm -rf "$place"' EXIT

# 1. Start the axis on a free port; its first line says where it is.
lgsp mock axis --port 0 --json --data-dir "$place" >"$place/ready" & axis=$!
for _ in $(seq 100); do [ -s "$place/ready" ] && break; sleep 0.1; done
url=$(sed 's/.*"url": "\([^"]*\)".*/\1/' "$place/ready")
echo "axis: $url"

# 2. Log in and send a document, as any client of the axis does.
login='{"username": "sim.lgsp.01", "password": "sim-secret", "applicationCode": "QLVB", "typeObjs": [0, 1]}'
token=$(curl -fsS "$url/v1/auth/login" -H 'Content-Type: application/json' -d "$login" | sed 's/.*"token":"\([^"]*\)".*/\1/')
send() {
  curl -sS "$url/v1/sendEdoc" -H "Authorization: Bearer $token" -H 'X-SystemId: sim.lgsp.01' -H 'X-SecretKey: sim-secret' \
    -F messageType=edoc -F "edocFile=@$here/../document.edxml"
}
send | grep -q '"success":true'

# 3. See it arrive: what the ministry behind the axis holds.
for _ in $(seq 100); do
  curl -fsS "$url/__mock__/state/external_documents" | grep -q '"agency":"000.00.00.G22"' && break
  sleep 0.1
done
curl -fsS "$url/__mock__/state/external_documents" | grep -q '"agency":"000.00.00.G22"'
echo "the ministry holds the document"

# 4. Break it on purpose: the next call is reset in mid-air, and only that one. It ends by itself after a minute.
curl -fsS "$url/__mock__/faults" -H 'Content-Type: application/json' -d '{"kind": "reset", "path": "/v1/sendEdoc", "count": 1, "expires_s": 60}' >/dev/null
if send 2>/dev/null; then echo "the fault did not strike"; exit 1; fi
send | grep -q '"success":true'
echo "the line broke once, and the second try came through"

# 5. Verify: three calls came, and one of them met the fault.
curl -fsS "$url/__mock__/requests?path=/v1/sendEdoc" | grep -q '"matched":3'
curl -fsS "$url/__mock__/requests?fault=reset" | grep -q '"matched":1'
echo "three calls, one of them broken: as it should be"
