/**
 * A strategic merge patch (Kubernetes: "Notes on the strategic merge patch"), as the API server would apply it: a map is
 * merged key by key, null removes; a list is replaced, or merged by a key of its items where the type says so.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonMap = { readonly [key: string]: Json };

/** Lists that are merged, by the path of their field: the key of their items; `''` where the items are values (a set). */
export type MergeKeys = Readonly<Record<string, string>>;

/** Of a Node (core/v1, `patchMergeKey`). */
export const nodeMergeKeys: MergeKeys = {
  'metadata.finalizers': '',
  'metadata.ownerReferences': 'uid',
  'spec.podCIDRs': '',
  'status.addresses': 'type',
  'status.conditions': 'type',
};

/** What a patch asks that this cannot do. */
export class PatchError extends Error {}

const order = '$setElementOrder/';
const deletions = '$deleteFromPrimitiveList/';

/** @throws PatchError */
export function strategicMerge(object: JsonMap, patch: JsonMap, keys: MergeKeys, path = ''): JsonMap {
  if (patch['$patch'] === 'replace') return without(patch, '$patch');
  const merged: Record<string, Json> = { ...object };
  const retained = patch['$retainKeys'];
  if (isList(retained)) for (const key of Object.keys(merged)) if (!retained.includes(key)) delete merged[key];
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    const field = path === '' ? key : `${path}.${key}`;
    if (value === null) delete merged[key];
    else if (isMap(value)) merged[key] = strategicMerge(asMap(merged[key]), value, keys, field);
    else if (isList(value) && keys[field] !== undefined) merged[key] = mergeList(asList(merged[key]), value, keys, field);
    else merged[key] = value;
  }
  for (const [key, gone] of directives(patch, deletions)) merged[key] = asList(merged[key]).filter((item) => !gone.includes(item));
  for (const [key, wanted] of directives(patch, order)) if (isList(merged[key])) merged[key] = ordered(merged[key], wanted, keys[path === '' ? key : `${path}.${key}`] ?? '');
  return merged;
}

function mergeList(items: readonly Json[], patch: readonly Json[], keys: MergeKeys, field: string): readonly Json[] {
  const key = keys[field] ?? '';
  if (key === '') return [...items, ...patch.filter((value) => !items.includes(value))];
  if (patch.some((item) => isMap(item) && item['$patch'] === 'replace')) return patch.filter((item) => !isMap(item) || item['$patch'] === undefined);
  const merged = [...items];
  for (const item of patch) {
    if (!isMap(item) || item[key] === undefined) throw new PatchError(`an item of ${field} has no ${key}`);
    const at = merged.findIndex((one) => isMap(one) && one[key] === item[key]);
    if (item['$patch'] === 'delete') {
      if (at >= 0) merged.splice(at, 1);
    } else if (at < 0) merged.push(strategicMerge({}, item, keys, field));
    else merged[at] = strategicMerge(asMap(merged[at]), item, keys, field);
  }
  return merged;
}

/** Those that the order names as it names them; the others stay behind those that they followed. */
function ordered(items: readonly Json[], wanted: readonly Json[], key: string): readonly Json[] {
  const idOf = (item: Json): Json | undefined => (key !== '' && isMap(item) ? item[key] : item);
  const place = new Map(wanted.map((item, index) => [idOf(item), index]));
  const named = items.filter((item) => place.has(idOf(item))).sort((a, b) => place.get(idOf(a))! - place.get(idOf(b))!);
  return [...named, ...items.filter((item) => !place.has(idOf(item)))];
}

function directives(patch: JsonMap, prefix: string): [string, readonly Json[]][] {
  return Object.entries(patch).flatMap(([key, value]) => (key.startsWith(prefix) && isList(value) ? [[key.slice(prefix.length), value] as [string, readonly Json[]]] : []));
}

const without = (map: JsonMap, key: string): JsonMap => Object.fromEntries(Object.entries(map).filter(([name]) => name !== key));
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isMap = (value: Json | undefined): value is JsonMap => typeof value === 'object' && value !== null && !Array.isArray(value);
const asMap = (value: Json | undefined): JsonMap => (isMap(value) ? value : {});
const asList = (value: Json | undefined): readonly Json[] => (isList(value) ? value : []);
