#!/bin/sh
# Written by edgeproof at each start of its engine; see harness/engine/runtime-wrapper.ts.
bundle=. process= verb= last=
for word in "$@"; do
  case "$last" in --bundle|-b) bundle=$word ;; --process|-p) process=$word ;; esac
  case "$word" in
    create|run|restore|exec) [ -n "$verb" ] || verb=$word ;;
    --bundle=*) bundle=${word#--bundle=} ;;
    --process=*) process=${word#--process=} ;;
  esac
  last=$word
done
drop() {
  [ ! -f "$1" ] || sed -i -z -E -e ':again' -e 's/("(bounding|effective|inheritable|permitted|ambient)":[[:space:]]*\[[^]]*),[[:space:]]*"CAP_A"/\1/g;s/("(bounding|effective|inheritable|permitted|ambient)":[[:space:]]*\[[[:space:]]*)"CAP_A",?[[:space:]]*/\1/g' -e 't again' "$1"
}
case "$verb" in
  exec) [ -z "$process" ] || drop "$process" ;;
  create|run|restore) drop "$bundle/config.json" ;;
esac
exec true "$@"
