import { formatDuration } from '../../core/duration.ts';
import type { Capability } from '../../core/capabilities.ts';
import type { Mark } from '../marks.ts';
import { html, type Markup } from './markup.ts';

/** `12 ms`, `0.4 s`, `3 min 05 s`. */
export const shownMs = (ms: number): string => (ms < 100 ? `${Math.round(ms)} ms` : formatDuration(ms));

const bytes = (value: number): string => `${(value / 2 ** 30).toFixed(1)} GiB`;

/** A fact about the host: keys that end in Bytes are bytes. */
export const shownFact = (key: string, value: string | number): string => (typeof value === 'number' && /bytes$/i.test(key) ? bytes(value) : `${value}`);

/** `memoryBytes` as `memory`, `cgroupDriver` as `cgroup driver`. */
export const shownKey = (key: string): string => key.replace(/Bytes$/, '').replaceAll(/([a-z])([A-Z])/g, (_all, a: string, b: string) => `${a} ${b.toLowerCase()}`);

const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
export const shownTime = (iso: string): string => `${date.format(new Date(iso))} UTC`;

export const aboutCapability: Readonly<Record<Capability, string>> = {
  lifecycle: 'cloud and edge nodes, each with the right workloads',
  tunnel: 'kubectl reaches edge nodes, through nothing but the tunnel',
  autonomy: 'cut off, what runs on a node keeps running and comes back',
  identity: 'Pod IPs and VTEP MACs stay the same',
  units: 'edge units: workloads and traffic for each group of nodes',
};

const shapes: Readonly<Record<Mark['kind'], string>> = { good: 'M4.4 8.3l2.4 2.4 4.8-5.2', bad: 'M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6', unsure: 'M6 6.3a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.1', none: 'M5 8h6' };

/** Every sign, once for the whole page: `sign` refers to them. */
export const signs = (): Markup => html`<svg class="unseen" aria-hidden="true">${Object.entries(shapes).map(([kind, shape]) => html`<symbol id="sign-${kind}" viewBox="0 0 16 16"><g class="drawn ${kind}"><rect x=".5" y=".5" width="15" height="15" rx="4"/><path d="${shape}"/></g></symbol>`)}</svg>`;

/** A mark's sign: its shape says as much as its colour, and the word beside it says it to everyone. */
export const sign = (kind: Mark['kind']): Markup => html`<svg class="sign" aria-hidden="true"><use href="#sign-${kind}"/></svg>`;
