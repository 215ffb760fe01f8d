#!/usr/bin/env bash
# Starts the origin on loopback port 8099, pinned to core 1; its process id goes to .pid.
# It polls busily (SPIN_US=300), so that its waking up is not part of what is measured. DELAY_US=n waits before each answer.
set -eu
cd "$(dirname "$0")"
if [ -f .pid ]; then kill "$(cat .pid)" 2>/dev/null || true; sleep 0.2; fi
ulimit -n 20000 || true
SPIN_US=${SPIN_US:-300} taskset -c 1 "${CARGO_TARGET_DIR:-target}/release/server" 8099 > server.log 2>&1 &
echo $! > .pid
for _ in $(seq 50); do grep -q listening server.log && exit 0; sleep 0.1; done
echo "the origin does not listen; see server.log" >&2
exit 1
