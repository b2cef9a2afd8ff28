import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backendData, macIn } from './backend-data.ts';
import { decide, type Facts } from './decide.ts';

const own = '02:00:00:00:00:01';
const other = '02:00:00:00:00:02';
const right = backendData(1, own);
const vxlan = (text: string | undefined): Facts['told'] => ({ text, backendType: 'vxlan' });
const doneFor = (facts: Partial<Facts>): string => {
  const { create, setMac, announce, waiting } = decide({ own, vni: 1, device: { mac: own }, canCreate: true, bound: true, told: vxlan(right), ...facts });
  return [create && 'create', setMac && 'set', announce !== undefined && 'announce', waiting].filter(Boolean).join(', ') || 'nothing';
};

for (const [what, facts, done] of [
  ['all is as it should be', {}, 'nothing'],
  ['the device was given another MAC', { device: { mac: other } }, 'set'],
  ['the same, and nothing was heard of the API yet', { device: { mac: other }, told: undefined }, 'set'],
  ['the machine has just booted', { device: undefined, told: undefined }, 'create'],
  ['the same, and flannel\'s uplink is not there yet', { device: undefined, told: undefined, canCreate: false }, 'nothing'],
  ['the annotation was lost', { told: vxlan(undefined) }, 'announce'],
  ['the annotation was lost, and flannel has made another MAC up', { device: { mac: other }, told: vxlan(undefined) }, 'set, announce'],
  ['flannel has made another MAC up and told of it', { device: { mac: other }, told: vxlan(backendData(1, other)) }, 'set, announce'],
  ['the annotation is right, but not as flannel reads it', { told: vxlan(`{"VNI": 1, "VtepMAC": "${own}"}`) }, 'announce'],
  ['the state was lost, the annotation not', { bound: false, device: { mac: other } }, 'set'],
  ['the state was lost, the annotation not, and the machine has booted', { bound: false, device: undefined }, 'create'],
  ['a node that had another MAC before', { bound: false, device: { mac: other }, told: vxlan(backendData(1, other)) }, 'announce, peers are to be told first'],
  ['the same, and nothing was heard of the API yet', { bound: false, device: { mac: other }, told: undefined }, 'what peers were told is not known yet'],
  ['a new node, to which flannel has never come', { bound: false, device: undefined, told: { text: undefined, backendType: undefined } }, 'announce, peers are to be told first'],
  ['another back end of flannel', { device: undefined, told: { text: 'null', backendType: 'host-gw' } }, 'flannel\'s back end is host-gw'],
] satisfies [string, Partial<Facts>, string][]) {
  test(`${what}: ${done}`, () => assert.equal(doneFor(facts), done));
}

test('whatever is found, when all has been done and told, nothing is left to do', () => {
  const mac = fc.constantFrom(own, other);
  const text = fc.oneof(fc.constant(undefined), mac.map((one) => backendData(1, one)), fc.constant('{"VNI":1'), fc.constant('null'));
  fc.assert(fc.property(fc.option(mac, { nil: undefined }), text, fc.boolean(), (device, annotation, bound) => {
    let facts: Facts = { own, vni: 1, device: device === undefined ? undefined : { mac: device }, canCreate: true, bound, told: vxlan(annotation) };
    for (let round = 0; round < 3; round += 1) {
      const { bound: now, create, setMac, announce } = decide(facts);
      facts = { ...facts, bound: now, ...((create || setMac) && { device: { mac: own } }), ...(announce !== undefined && { told: vxlan(announce) }) };
    }
    assert.deepEqual(facts, { own, vni: 1, device: { mac: own }, canCreate: true, bound: true, told: vxlan(right) });
  }));
});

test('what is not a MAC is none', () => {
  for (const text of ['', 'null', '{}', '{"VtepMAC":7}', '{"VtepMAC":"02:00"}', '{"VNI":1,"VtepMAC":']) assert.equal(macIn(text), undefined, text);
  assert.equal(macIn(undefined), undefined);
  assert.equal(macIn('{"VNI":1,"VtepMAC":"AA:bb:00:00:00:01"}'), 'aa:bb:00:00:00:01');
});
