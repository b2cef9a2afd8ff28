import { bytesField, bytesOf, fieldsOf, numberField, textField } from '../wire/protobuf/fields.ts';
import type { ShownEncoding } from './encoding.ts';

const text = (bytes: Buffer | undefined): string => bytes?.toString() ?? '';

/** Field 1 of every object is ObjectMeta, of which 11 are the labels; an entry of a map has its key in 1 and its value in 2. */
function labels(raw: Buffer): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { field, bytes } of fieldsOf(bytesOf(raw, 1) ?? Buffer.alloc(0))) if (field === 11 && bytes !== undefined) found[text(bytesOf(bytes, 1))] = text(bytesOf(bytes, 2));
  return found;
}

/** Numbers of fields are those of generated.proto in `k8s.io/api`, discovery/v1 and core/v1. */
export const protobufEncoding: ShownEncoding = {
  labels,
  // EndpointSlice: endpoints 2, ports 3, addressType 4; Endpoint: addresses 1, conditions 2 (ready 1, serving 2, terminating 3), nodeName 6;
  // EndpointPort: name 1, protocol 2, port 3.
  withEndpoint(raw, { address, nodeName, ports }) {
    const kept = Array.from(fieldsOf(raw), ({ field, from, to }) => (field >= 2 && field <= 4 ? undefined : raw.subarray(from, to))).filter((field) => field !== undefined);
    const conditions = Buffer.concat([numberField(1, 1), numberField(2, 1), numberField(3, 0)]);
    const endpoint = bytesField(2, Buffer.concat([textField(1, address), bytesField(2, conditions), textField(6, nodeName)]));
    const listed = ports.map(({ name, port, protocol }) => bytesField(3, Buffer.concat([textField(1, name), textField(2, protocol), numberField(3, port)])));
    return Buffer.concat([...kept, endpoint, ...listed, textField(4, 'IPv4')]);
  },
  // ConfigMap: data 2.
  withText(raw, key, change) {
    let differs = false;
    const fields = Array.from(fieldsOf(raw), ({ field, bytes, from, to }) => {
      const whole = raw.subarray(from, to);
      if (field !== 2 || bytes === undefined || text(bytesOf(bytes, 1)) !== key) return whole;
      const before = text(bytesOf(bytes, 2));
      const after = change(before);
      if (after === before) return whole;
      differs = true;
      return bytesField(2, Buffer.concat([textField(1, key), textField(2, after)]));
    });
    return differs ? Buffer.concat(fields) : raw;
  },
};
