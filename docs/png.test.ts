import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';
import { decodePng, encodeIndexedPng, type Image } from './png.ts';

/** A PNG of 8-bit RGB whose rows use each of the five filters in turn, made from the filtered bytes themselves. */
function filteredPng(width: number, height: number, raw: Uint8Array): Uint8Array {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header), chunk('IDAT', deflateSync(raw)), chunk('IEND', Buffer.alloc(0))]);
}

test('the filters of a PNG are undone', () => {
  // By hand, from https://www.w3.org/TR/png-3/#9Filter-types: two pixels a row.
  const raw = Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 1, 1, 2, 3, 1, 1, 1, 2, 5, 5, 5, 5, 5, 5, 3, 4, 4, 4, 4, 4, 4, 4, 1, 1, 1, 1, 1, 1);
  assert.deepEqual([...decodePng(filteredPng(2, 5, raw)).rgb], [
    10, 20, 30, 40, 50, 60, 1, 2, 3, 2, 3, 4, 6, 7, 8, 7, 8, 9, 7, 7, 8, 11, 11, 12, 8, 8, 9, 12, 12, 13,
  ]);
  assert.throws(() => decodePng(Buffer.from('GIF89a..')), /not a PNG/);
});

test('an indexed image has the palette of its commonest colours, and each pixel the nearest of them', () => {
  const rgb = new Uint8Array(300 * 4 * 3);
  for (let pixel = 0; pixel < 1200; pixel += 1) rgb.set(pixel < 300 ? [pixel >> 1, 0, 0] : [pixel % 256, 7, 9], pixel * 3);
  const image: Image = { width: 300, height: 4, rgb };
  const file = Buffer.from(encodeIndexedPng(image));
  const part = (type: string): Buffer => {
    const at = file.indexOf(type, 0, 'latin1');
    return file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4));
  };
  assert.equal(part('PLTE').length, 768);
  const rows = inflateSync(part('IDAT'));
  assert.equal(rows.length, 301 * 4);
  const shown = (pixel: number): number[] => [...part('PLTE').subarray((rows[Math.floor(pixel / 300) * 301 + 1 + (pixel % 300)] ?? 0) * 3).subarray(0, 3)];
  assert.deepEqual(shown(600), [600 % 256, 7, 9]);
  const [red = 0] = shown(299);
  assert.ok(Math.abs(red - 149) <= 2, `${red}`);
});
