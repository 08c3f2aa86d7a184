#!/usr/bin/env bash
# Compares the builds of two checkouts, or two folders of results; see action.yml for the words.
# Exit status: 0 compared; 1 by FAIL_ON, or a job failed; 2 nothing could be compared.
set -euo pipefail

root=$(cd "$GITHUB_ACTION_PATH/../../.." && pwd)
results=$RUNNER_TEMP/benchdl-results
summary=$RUNNER_TEMP/benchdl-compare.md
said=$RUNNER_TEMP/benchdl-said.txt
status=0

benchdl() {
  "$root/.venv/bin/python" -I "$root/benchdl" "$@"
}

# The worst status so far is the action's own.
worse() {
  if [ "$1" -gt "$status" ]; then status=$1; fi
}

verdict() {
  benchdl compare "$@" --figure "$FIGURE" --margin "$MARGIN" "${fail_on[@]}" --format md \
    >>"$summary" || worse $?
  echo >>"$summary"
}

# The ids of a backend's images in the newest campaign.
images() {
  benchdl runs --results "$results" --campaign latest --backend "$1" --format json |
    "$root/.venv/bin/python" -I -c \
      'import json, sys; print(*dict.fromkeys(row["image_id"] for row in json.load(sys.stdin)))'
}

run() { # checkout, backend, further arguments
  BENCHDL_ROOT=$(cd "$1" && pwd) benchdl run "$2" "${@:3}" "${run_arguments[@]}" \
    --launcher docker --results "$results"
}

compare_builds() {
  local backend=$1 old new id
  run "$BASE" "$backend" --repeat 1 || { worse $?; return; }
  old=$(images "$backend")
  { run "$HEAD" "$backend" --repeat "$REPEAT" --against latest 2>&1 >&3 | tee "$said" >&2; } 3>&1 ||
    worse_unless_same "$backend" $? || return 0
  new=$old
  for id in $(images "$backend"); do
    if [ "$id" != "$old" ]; then new=$id; fi
  done
  verdict "$backend:image=${old:7:12}" "$backend:image=${new:7:12}" \
    --campaign latest --results "$results"
}

# Without a new image there is nothing to compare, which is no failure.
worse_unless_same() {
  if grep -q "the image of $1 is still the same" "$said"; then
    printf '%s: the image of head is that of base, so there is nothing to compare.\n\n' "$1" \
      >>"$summary"
  else
    worse "$2"
  fi
  return 1
}

finish() {
  if [ "$?" -gt 0 ]; then printf 'Failed; the log of the step says why.\n' >>"$summary"; fi
  cat "$summary" >>"$GITHUB_STEP_SUMMARY"
  echo "summary=$summary" >>"$GITHUB_OUTPUT"
}
trap finish EXIT

read -ra backends <<<"$BACKENDS"
read -ra run_arguments <<<"$RUN_ARGUMENTS"
fail_on=()
read -ra words <<<"$FAIL_ON"
for word in "${words[@]}"; do fail_on+=(--fail-on "$word"); done

printf '## benchdl compare\n\n' >"$summary"
if [ ${#backends[@]} -eq 0 ]; then
  verdict "$BASE" "$HEAD"
fi
for backend in "${backends[@]}"; do
  printf '### %s\n\n' "$backend" >>"$summary"
  compare_builds "$backend"
done

exit "$status"
