/** The sets of a process's capabilities, as the OCI runtime specification (config.md, Linux process) names them. */
const set = '"(bounding|effective|inheritable|permitted|ambient)":[[:space:]]*\\[';

/** Takes a name out of each set, once: after another one with the comma before it, as the first with the one behind it. */
const without = (capability: string): string => `s/(${set}[^]]*),[[:space:]]*"${capability}"/\\1/g;s/(${set}[[:space:]]*)"${capability}",?[[:space:]]*/\\1/g`;

/**
 * An OCI runtime that takes away the capabilities this host's root does not have, then becomes runc. Without
 * it, `docker run --privileged` and every `docker exec` into such a container fail with "unable to apply caps".
 * They stand in the bundle's config.json (create, run, restore) and in the file given to `exec --process`.
 *
 * A set may name one twice: it leaves as often.
 *
 * By sed, as it runs at every look into a node: jq takes more of the processor for this than runc does. What looks like a set within
 * one of JSON's strings has its quotes escaped, and is left alone.
 */
export function runtimeWrapper(runc: string, missing: readonly string[]): string {
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
  [ ! -f "$1" ] || sed -i -z -E -e ':again' -e '${missing.map(without).join(';')}' -e 't again' "$1"
}
case "$verb" in
  exec) [ -z "$process" ] || drop "$process" ;;
  create|run|restore) drop "$bundle/config.json" ;;
esac
exec ${runc} "$@"
`;
}
