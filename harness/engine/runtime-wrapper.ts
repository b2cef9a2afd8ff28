/**
 * An OCI runtime that takes away the capabilities this host's root does not have, then becomes runc. Without
 * it, `docker run --privileged` and every `docker exec` into such a container fail with "unable to apply caps".
 * They stand in the bundle's config.json (create, run, restore) and in the file given to `exec --process`.
 */
export function runtimeWrapper(runc: string, missing: readonly string[]): string {
  const filter = `(.. | objects | .capabilities? // empty | .[]?) |= map(select(. as $c | ${JSON.stringify(missing)} | index($c) | not))`;
  return `#!/bin/sh
# Written by edgeproof at each start of its engine; see harness/engine/runtime-wrapper.ts.
bundle=. process= verb= last=
for word in "$@"; do
  case "$last" in --bundle|-b) bundle=$word ;; --process|-p) process=$word ;; esac
  case "$word" in
    create|run|restore|exec) [ -n "$verb" ] || verb=$word ;;
    --bundle=*) bundle=\${word#--bundle=} ;;
    --process=*) process=\${word#--process=} ;;
  esac
  last=$word
done
drop() {
  [ -f "$1" ] || return 0
  jq -c '${filter}' "$1" > "$1.edgeproof" && cat "$1.edgeproof" > "$1"
  rm -f "$1.edgeproof"
}
case "$verb" in
  exec) [ -z "$process" ] || drop "$process" ;;
  create|run|restore) drop "$bundle/config.json" ;;
esac
exec ${runc} "$@"
`;
}
