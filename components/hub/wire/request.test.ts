import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadRequestError } from './errors.ts';
import { parseRequest, type KubeRequest } from './request.ts';

const of = (method: string, url: string, accept?: string): KubeRequest => parseRequest(method, url, accept === undefined ? {} : { accept });

/** As requestinfo_test.go of apiserver v0.37 has it: method, URL, verb, group, version, namespace, resource, subresource, name. */
const resources: readonly (readonly [string, string, string, string, string, string, string, string, string])[] = [
  ['GET', '/api/v1/namespaces', 'list', '', 'v1', '', 'namespaces', '', ''],
  ['GET', '/api/v1/namespaces/other', 'get', '', 'v1', 'other', 'namespaces', '', 'other'],
  ['GET', '/api/v1/namespaces/other/pods', 'list', '', 'v1', 'other', 'pods', '', ''],
  ['GET', '/api/v1/namespaces/other/pods/foo', 'get', '', 'v1', 'other', 'pods', '', 'foo'],
  ['HEAD', '/api/v1/namespaces/other/pods/foo', 'get', '', 'v1', 'other', 'pods', '', 'foo'],
  ['GET', '/api/v1/pods', 'list', '', 'v1', '', 'pods', '', ''],
  ['HEAD', '/api/v1/pods', 'list', '', 'v1', '', 'pods', '', ''],
  ['GET', '/api/v1/proxy/namespaces/other/pods/foo', 'proxy', '', 'v1', 'other', 'pods', '', 'foo'],
  ['GET', '/api/v1/proxy/namespaces/other/pods/foo/subpath/not/a/subresource', 'proxy', '', 'v1', 'other', 'pods', '', 'foo'],
  ['GET', '/api/v1/watch/pods', 'watch', '', 'v1', '', 'pods', '', ''],
  ['GET', '/api/v1/pods?watch=true', 'watch', '', 'v1', '', 'pods', '', ''],
  ['GET', '/api/v1/pods?watch=false', 'list', '', 'v1', '', 'pods', '', ''],
  ['GET', '/api/v1/pods?watch', 'watch', '', 'v1', '', 'pods', '', ''],
  ['GET', '/api/v1/watch/namespaces/other/pods', 'watch', '', 'v1', 'other', 'pods', '', ''],
  ['GET', '/api/v1/namespaces/other/pods?watch=1', 'watch', '', 'v1', 'other', 'pods', '', ''],
  ['GET', '/api/v1/namespaces/other/pods?watch=0', 'list', '', 'v1', 'other', 'pods', '', ''],
  ['GET', '/api/v1/namespaces/other/pods/foo/status', 'get', '', 'v1', 'other', 'pods', 'status', 'foo'],
  ['GET', '/api/v1/namespaces/other/pods/foo/proxy/subpath', 'get', '', 'v1', 'other', 'pods', 'proxy', 'foo'],
  ['PUT', '/api/v1/namespaces/other/finalize', 'update', '', 'v1', 'other', 'namespaces', 'finalize', 'other'],
  ['PUT', '/api/v1/namespaces/other/status', 'update', '', 'v1', 'other', 'namespaces', 'status', 'other'],
  ['PATCH', '/api/v1/namespaces/other/pods/foo', 'patch', '', 'v1', 'other', 'pods', '', 'foo'],
  ['DELETE', '/api/v1/namespaces/other/pods/foo', 'delete', '', 'v1', 'other', 'pods', '', 'foo'],
  ['POST', '/api/v1/namespaces/other/pods', 'create', '', 'v1', 'other', 'pods', '', ''],
  ['DELETE', '/api/v1/nodes', 'deletecollection', '', 'v1', '', 'nodes', '', ''],
  ['DELETE', '/api/v1/namespaces', 'deletecollection', '', 'v1', '', 'namespaces', '', ''],
  ['DELETE', '/apis/extensions/v1/namespaces/other/pods', 'deletecollection', 'extensions', 'v1', 'other', 'pods', '', ''],
  ['POST', '/apis/extensions/v1beta3/namespaces/other/pods', 'create', 'extensions', 'v1beta3', 'other', 'pods', '', ''],
  ['GET', '/apis/batch/v1/job/foo/scale', 'get', 'batch', 'v1', '', 'job', 'scale', 'foo'],
  // What a kubelet asks for besides.
  ['POST', '/api/v1/namespaces/kube-system/serviceaccounts/flannel/token', 'create', '', 'v1', 'kube-system', 'serviceaccounts', 'token', 'flannel'],
  ['PUT', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/edge-1?timeout=10s', 'update', 'coordination.k8s.io', 'v1', 'kube-node-lease', 'leases', '', 'edge-1'],
  ['PATCH', '/api/v1/nodes/edge-1/status?timeout=10s', 'patch', '', 'v1', '', 'nodes', 'status', 'edge-1'],
  ['GET', '/api/v1/namespaces/a%2Db/configmaps/kube-root-ca.crt/', 'get', '', 'v1', 'a-b', 'configmaps', '', 'kube-root-ca.crt'],
];

test('requests for resources are what RequestInfo says', () => {
  for (const [method, url, ...expected] of resources) {
    const { isResource, verb, apiGroup, apiVersion, namespace, resource, subresource, name } = of(method, url);
    assert.deepEqual([isResource, verb, apiGroup, apiVersion, namespace, resource, subresource, name], [true, ...expected], `${method} ${url}`);
  }
});

test('everything else is no resource: its verb is the method', () => {
  const urls = ['', '/', '/healthz', '/readyz?verbose', '/version', '/openapi/v3', '/api', '/api/v1', '/api/v1/', '/apis', '/apis/extensions/v1beta1/', '/apis/version/resource', '/badprefix/version/resource', '/apis/batch/v1'];
  for (const url of urls) {
    const { isResource, verb, resource } = of('GET', url);
    assert.deepEqual({ isResource, verb, resource }, { isResource: false, verb: 'get', resource: '' }, url);
  }
  assert.equal(of('GET', '/openapi/v3/?hash=A').path, '/openapi/v3');
  assert.equal(of('POST', '/version').verb, 'post');
});

test('paths that no API server takes are errors', () => {
  for (const url of ['/api/v1/watch', '/apis/apps/v1/proxy/', '/api/v1/pods/%zz', '/api/v1/pods/%ff']) assert.throws(() => of('GET', url), BadRequestError, url);
});

/** As TestSelectorParsing has it, besides a legacy watch, which keeps its selectors here: URL, verb, name, field selector, label selector. */
const selectors: readonly (readonly [string, string, string, string, string])[] = [
  ['/apis/group/version/resource', 'list', '', '', ''],
  ['/apis/group/version/resource?fieldSelector=metadata.name=name1', 'list', 'name1', 'metadata.name=name1', ''],
  ['/apis/group/version/resource?watch=true&fieldSelector=metadata.name=name1', 'watch', 'name1', 'metadata.name=name1', ''],
  ['/apis/group/version/resource?fieldSelector=foo=bar&labelSelector=baz=qux', 'list', '', 'foo=bar', 'baz=qux'],
  ['/apis/group/version/resource?fieldSelector=metadata.name=name1,foo', 'list', '', 'metadata.name=name1,foo', ''],
  ['/apis/group/version/resource?fieldSelector=metadata.name=name1&limit=x', 'list', '', 'metadata.name=name1', ''],
  ['/apis/group/version/resource?fieldSelector=metadata.name=a%2Fb', 'list', '', 'metadata.name=a/b', ''],
  ['/apis/group/version/resource?fieldSelector=metadata.name=foo&fieldSelector=metadata.name=bar&labelSelector=foo=bar&labelSelector=foo=baz', 'list', 'foo', 'metadata.name=foo', 'foo=bar'],
  ['/apis/group/version/resource/name?fieldSelector=foo=bar&labelSelector=foo=bar', 'get', 'name', '', ''],
  ['/apis/group/version/watch/resource?fieldSelector=metadata.name=foo&labelSelector=foo=bar', 'watch', '', 'metadata.name=foo', 'foo=bar'],
  ['/apis/group/version/watch/namespaces/a/resource/na,me?fieldSelector=foo=bar&labelSelector=foo=bar', 'watch', 'na,me', 'metadata.name=na\\,me', ''],
];

test('selectors count for verbs of many objects', () => {
  for (const [url, ...expected] of selectors) {
    const { verb, name, fieldSelector, labelSelector } = of('GET', url);
    assert.deepEqual([verb, name, fieldSelector, labelSelector], expected, url);
  }
  assert.equal(of('DELETE', '/api/v1/pods?fieldSelector=foo=bar').fieldSelector, 'foo=bar');
});

test('requests that mean the same have the same path and selectors', () => {
  const same = [
    ['/api/v1/pods?fieldSelector=spec.nodeName%3Dedge-1&limit=500&resourceVersion=0', '/api/v1/pods/?resourceVersion=9&fieldSelector=spec.nodeName==edge-1', '/api/v1/watch/pods?fieldSelector=spec.nodeName=edge-1,spec.nodeName=edge-1'],
    ['/api/v1/services?fieldSelector=a%21%3Db%2Cc=d', '/api/v1/services?fieldSelector=c=d,,a!=b'],
    ['/api/v1/services?labelSelector=%21service.kubernetes.io%2Fheadless%2C%21service.kubernetes.io%2Fservice-proxy-name', '/api/v1/services?labelSelector=!service.kubernetes.io/service-proxy-name,+!service.kubernetes.io/headless'],
    ['/api/v1/pods?labelSelector=a+in+(x,+y,x),b==c,d,e!=f', '/api/v1/pods?labelSelector=e+%21=+f,d,b+%3D+c,a%20in%20(y,x)'],
    ['/api/v1/watch/namespaces/default/configmaps/one', '/api/v1/namespaces/default/configmaps?watch=1&fieldSelector=metadata.name=one'],
    ['/api/v1/watch/namespaces/default', '/api/v1/namespaces?watch=1&fieldSelector=metadata.name=default'],
    ['/apis/apps/v1/watch/deployments?labelSelector=a', '/apis/apps/v1/deployments?watch=true&labelSelector=a'],
  ];
  for (const urls of same) {
    const keys = urls.map((url) => { const { path, fieldSelector, labelSelector } = of('GET', url); return { path, fieldSelector, labelSelector }; });
    for (const key of keys) assert.deepEqual(key, keys[0], urls.join(' '));
  }
});

test('selectors that mean different things stay different, and what is none stays as it is', () => {
  const labels = ['a', '!a', 'a=', 'a=b', 'a!=b', 'a in (b,c)', 'a notin (b,c)', 'a in (b)', 'a in ()', 'a in (,b)', 'a>1', 'a<1', 'in in (in)'];
  const keys = labels.map((selector) => of('GET', `/api/v1/pods?labelSelector=${encodeURIComponent(selector)}`).labelSelector);
  assert.equal(new Set(keys).size, labels.length, keys.join('  '));
  for (const odd of ['a b', 'a in b', 'a,', ',a', 'a in (b c)', 'a in (b', '!a=b', 'a=(', '=b', 'z,a=b=c']) assert.equal(of('GET', `/api/v1/pods?labelSelector=${encodeURIComponent(odd)}`).labelSelector, odd);
  for (const odd of ['b,a', 'b=\\x,a=1', 'b=c\\', 'b=a=1,a=1']) assert.equal(of('GET', `/api/v1/pods?fieldSelector=${encodeURIComponent(odd)}`).fieldSelector, odd);
  assert.equal(of('GET', '/api/v1/pods?fieldSelector=b%3D1%5C%2C%5C%3D%5C%5C,a=1').fieldSelector, 'a=1,b=1\\,\\=\\\\');
});

test('of two Accept headers the first counts, as in Go', () => {
  const { accept } = parseRequest('GET', '/api/v1/pods', { accept: ['application/json', 'text/html'] });
  assert.deepEqual(accept.map(({ type }) => type), ['application/json']);
});

test('options of a list and a watch', () => {
  const { options } = of('GET', '/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=12&allowWatchBookmarks=true&timeoutSeconds=337&limit=500&continue=abc%2B');
  assert.deepEqual(options, { resourceVersion: '12', resourceVersionMatch: 'NotOlderThan', sendInitialEvents: true, allowWatchBookmarks: true, timeoutSeconds: 337, limit: 500, continue: 'abc+' });
  assert.deepEqual(of('GET', '/api/v1/pods?sendInitialEvents=false&bad=%zz&a;b=c').options, { resourceVersion: '', resourceVersionMatch: '', sendInitialEvents: false, allowWatchBookmarks: false, timeoutSeconds: undefined, limit: 0, continue: '' });
});

test('the collections that would have an object', () => {
  assert.deepEqual(of('GET', '/api/v1/namespaces/a/pods/b').collections, ['/api/v1/namespaces/a/pods', '/api/v1/pods']);
  assert.deepEqual(of('GET', '/apis/storage.k8s.io/v1/csinodes/b').collections, ['/apis/storage.k8s.io/v1/csinodes']);
  assert.deepEqual(of('GET', '/api/v1/namespaces/a').collections, ['/api/v1/namespaces']);
  for (const url of ['/api/v1/pods', '/api/v1/namespaces/a/pods/b/log', '/api/v1/watch/namespaces/a/pods/b', '/version', '/api/v1/proxy/nodes/a']) assert.deepEqual(of('GET', url).collections, [], url);
});
