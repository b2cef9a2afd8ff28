import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension, type JsonGeneralNames } from '../../core/x509.ts';
import { WaitTimeoutError } from '../../core/wait.ts';
import type { KubeClient } from './client.ts';
import { approveKubeletServing, servingRequestProblem, type SigningRequest } from './kubelet-serving.ts';

const nodes = [{ name: 'dev-worker', address: '172.18.0.3' }, { name: 'dev-worker2', address: '172.18.0.4' }];
const own: JsonGeneralNames = [{ type: 'dns', value: 'dev-worker' }, { type: 'ip', value: '172.18.0.3' }];

interface Asked {
  readonly subject?: string;
  readonly names?: JsonGeneralNames;
  readonly spec?: Partial<SigningRequest['spec']>;
}

async function request({ subject = 'O=system:nodes, CN=system:node:dev-worker', names = own, spec = {} }: Asked = {}): Promise<SigningRequest> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const extensions = names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)];
  const pem = (await Pkcs10CertificateRequestGenerator.create({ name: subject, keys, signingAlgorithm: algorithm, extensions })).toString('pem');
  return of({ request: Buffer.from(pem).toString('base64'), ...spec });
}

const of = (spec: Partial<SigningRequest['spec']>): SigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'csr-abcde' },
  spec: {
    request: '',
    signerName: 'kubernetes.io/kubelet-serving',
    username: 'system:node:dev-worker',
    groups: ['system:nodes', 'system:authenticated'],
    usages: ['digital signature', 'server auth'],
    ...spec,
  },
  status: {},
});

test("a kubelet's request for its own name and address is in order, with the usages of elliptic and of RSA keys", async () => {
  assert.equal(await servingRequestProblem(await request(), nodes), undefined);
  assert.equal(await servingRequestProblem(await request({ names: own.slice(1), spec: { usages: ['key encipherment', 'digital signature', 'server auth'] } }), nodes), undefined);
});

// What the kubelet of Kubernetes 1.37 wrote on a cluster "img-a".
const fromKubelet = `-----BEGIN CERTIFICATE REQUEST-----
MIIBKDCBzgIBADA7MRUwEwYDVQQKEwxzeXN0ZW06bm9kZXMxIjAgBgNVBAMTGXN5
c3RlbTpub2RlOmltZy1hLXdvcmtlcjIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AARRnogMpNT4xB/FFQ5kq+j6x2z2ryayXdu0D5J38Wn4qy2+UWpnanr9IovNjph/
ITJ3HJyzd1YLG8OGMqecJK5joDEwLwYJKoZIhvcNAQkOMSIwIDAeBgNVHREEFzAV
gg1pbWctYS13b3JrZXIyhwSsEQACMAoGCCqGSM49BAMCA0kAMEYCIQDpaHa2HNjq
vvOpDDR0mSjVcmd91fIFHsG63Ro90WsyaAIhAPYb5dzgry7mpQn9Mu9KRkBeVMxs
G9zo17M9tqloUMrV
-----END CERTIFICATE REQUEST-----
`;

test('the request of a real kubelet is in order, for its own node', async () => {
  const asked = of({ username: 'system:node:img-a-worker2', request: Buffer.from(fromKubelet).toString('base64') });
  assert.equal(await servingRequestProblem(asked, [{ name: 'img-a-worker2', address: '172.17.0.2' }]), undefined);
  assert.match((await servingRequestProblem(asked, [{ name: 'img-a-worker2', address: '172.17.0.3' }])) ?? '', /names ip 172\.17\.0\.2/);
});

const refused: Record<string, [Asked, RegExp]> = {
  'the name of another node': [{ names: [...own, { type: 'dns', value: 'dev-worker2' }] }, /names dns dev-worker2, and its node is dev-worker at 172\.18\.0\.3/],
  'the address of another node': [{ names: [{ type: 'ip', value: '172.18.0.4' }] }, /names ip 172\.18\.0\.4/],
  'an address as a DNS name': [{ names: [{ type: 'dns', value: '172.18.0.3' }] }, /names dns 172\.18\.0\.3/],
  'an IPv6 address': [{ names: [...own, { type: 'ip', value: 'fd00::3' }] }, /names ip fd00/],
  'a wildcard': [{ names: [{ type: 'dns', value: '*' }] }, /names dns \*/],
  'a URI': [{ names: [...own, { type: 'url', value: 'spiffe://dev' }] }, /names url spiffe/],
  'an e-mail address': [{ names: [...own, { type: 'email', value: 'a@example.com' }] }, /names email/],
  'no names': [{ names: [] }, /names no host/],
  'a user that is no node': [{ spec: { username: 'system:serviceaccount:default:default' } }, /is no node of this cluster/],
  'a node of another cluster': [{ subject: 'O=system:nodes, CN=system:node:lab-worker', spec: { username: 'system:node:lab-worker' } }, /is no node of this cluster/],
  'a node that asks as another': [{ spec: { username: 'system:node:dev-worker2' } }, /its subject is/],
  'a user without the group': [{ spec: { groups: ['system:authenticated'] } }, /not in the group/],
  'the subject of an administrator': [{ subject: 'O=system:masters, CN=system:node:dev-worker' }, /its subject is .*system:masters/],
  'two organisations': [{ subject: 'O=system:nodes, O=system:masters, CN=system:node:dev-worker' }, /its subject is/],
  'one more part of a subject': [{ subject: 'O=system:nodes, CN=system:node:dev-worker, OU=x' }, /its subject is/],
  'a client certificate': [{ spec: { usages: ['digital signature', 'client auth'] } }, /its usages are digital signature, client auth/],
  'a signer of certificates': [{ spec: { usages: ['digital signature', 'server auth', 'cert sign'] } }, /its usages are/],
  'another signer': [{ spec: { signerName: 'kubernetes.io/kube-apiserver-client' } }, /signer kubernetes\.io\/kube-apiserver-client/],
  'what is no request': [{ spec: { request: Buffer.from('hello').toString('base64') } }, /cannot be read/],
};
for (const [what, [asked, why]] of Object.entries(refused)) {
  test(`refused: ${what}`, async () => assert.match((await servingRequestProblem(await request(asked), nodes)) ?? 'approved', why));
}

test('refused: what somebody else than the owner of the key has signed', async () => {
  const { spec } = await request();
  const der = Buffer.from(Buffer.from(spec.request, 'base64').toString().replaceAll(/-----.*-----|\s/g, ''), 'base64');
  const at = der.indexOf(Buffer.from([172, 18, 0, 3]));
  assert.ok(at > 0);
  der[at + 3] = 4; // the address of the other node, under the old signature
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  assert.equal(await servingRequestProblem(of({ request: Buffer.from(pem).toString('base64') }), nodes), 'it is not signed by the key that it is for');
});

/** An API server that signs what is approved. */
function signing(requests: SigningRequest[]): Pick<KubeClient, 'list' | 'request'> & { readonly approved: string[] } {
  const approved: string[] = [];
  return {
    approved,
    list: async <T>() => structuredClone(requests) as T[],
    request: async (method: string, path: string, _options: unknown, body: unknown) => {
      const name = /^\/apis\/certificates\.k8s\.io\/v1\/certificatesigningrequests\/(.*)\/approval$/.exec(path)?.[1];
      const found = requests.find(({ metadata }) => metadata.name === name);
      const { metadata, status } = body as SigningRequest;
      assert.ok(method === 'PATCH' && found !== undefined && metadata.resourceVersion === found.metadata.resourceVersion);
      assert.deepEqual(status.conditions?.map((one) => [one.type, one.status]), [['Approved', 'True']]);
      found.status = { ...status, certificate: 'signed' };
      approved.push(found.metadata.name);
    },
  };
}
const named = (name: string, asked: SigningRequest): SigningRequest => ({ ...asked, metadata: { name, resourceVersion: `version of ${name}` } });
const cluster = { name: 'dev', nodes: nodes.map((node) => ({ ...node, tier: 'edge', role: 'worker' }) as const) };
const ofSecond = { subject: 'O=system:nodes, CN=system:node:dev-worker2', spec: { username: 'system:node:dev-worker2' } };

test('every node has its certificate once its own request is approved; what was decided before is left alone', async () => {
  const denied: SigningRequest = { ...named('denied', await request()), status: { conditions: [{ type: 'Denied', status: 'True' }] } };
  const kube = signing([denied, named('bad', await request({ names: [{ type: 'dns', value: 'other' }] })), named('one', await request()), named('two', await request({ ...ofSecond, names: [{ type: 'dns', value: 'dev-worker2' }] }))]);
  await approveKubeletServing(kube, cluster, { timeoutMs: 5000, everyMs: 1 });
  assert.deepEqual(kube.approved, ['one', 'two']);
});

test('a node whose request is refused is named, with the reason', async () => {
  const kube = signing([named('one', await request()), named('two', await request({ ...ofSecond, names: own }))]);
  await assert.rejects(approveKubeletServing(kube, cluster, { timeoutMs: 1000, everyMs: 1 }), (error) => error instanceof WaitTimeoutError && /^dev-worker2 has none; two: it names dns dev-worker, ip 172/.test(error.missing));
  assert.deepEqual(kube.approved, ['one']);
});
