import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, formatSubnet, inSubnet, lastOf, masked, parseAddress, parseSubnet } from './addresses.ts';

const bounded = { interruptAfterTimeLimit: 3000, markInterruptAsFailure: false };
const again = (text: string): string | undefined => {
  const address = parseAddress(text);
  return address && formatAddress(address);
};

test('addresses are written as RFC 5952 says', () => {
  const written = { '10.244.1.5': '10.244.1.5', '0.0.0.0': '0.0.0.0', '255.255.255.255': '255.255.255.255', '::': '::', '::1': '::1', 'FD00:0:0:1::': 'fd00:0:0:1::', '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1', '1:0:2:3:4:5:6:7': '1:0:2:3:4:5:6:7', '::ffff:10.0.0.1': '10.0.0.1', '64:ff9b::1.2.3.4': '64:ff9b::102:304' };
  for (const [given, expected] of Object.entries(written)) assert.equal(again(given), expected, given);
});

test('what is an address is what Node takes for one, without zones', () => {
  for (const text of ['', '10.1.2', '10.1.2.256', '01.1.1.1', '1.1.1.1.1', '::1%lo', ':1', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', 'g::', '::1.2.3', ':::', '1:2:3:4:5:6:7::8']) assert.equal(parseAddress(text), undefined, text);
  const piece = fc.constantFrom('0', '1', 'ffff', '10', '255', '256', '01', ':', '::', '.', 'g', '%', '');
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''))), (text) => {
    assert.equal(parseAddress(text) !== undefined, isIPv4(text) || (isIPv6(text) && !text.includes('%')), text);
  }), bounded);
});

test('an address that was written and read is the same', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).filter((value) => value >> 32n !== 0xffffn), (value) => {
    const text = formatAddress({ family: 6, value });
    assert.ok(isIPv6(text), text);
    assert.deepEqual(parseAddress(text), { family: 6, value });
  }), bounded);
});

test('a subnet has a first and a last address', () => {
  const subnet = parseSubnet('10.244.1.77/27')!;
  assert.equal(formatSubnet(masked(subnet)), '10.244.1.64/27');
  assert.equal(formatAddress(lastOf(masked(subnet))), '10.244.1.95');
  assert.ok(inSubnet(masked(subnet), parseAddress('10.244.1.64')!) && !inSubnet(masked(subnet), parseAddress('10.244.1.96')!) && !inSubnet(masked(subnet), parseAddress('::a')!));
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '/8', '::/129', '::ffff:10.0.0.0/104', '10.0.0.0/8/8']) assert.equal(parseSubnet(text), undefined, text);
});
