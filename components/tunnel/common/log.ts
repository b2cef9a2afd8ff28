import { pino, type Logger } from 'pino';

export type Log = Logger;

/**
 * Structured logs, one JSON object a line on stdout, written at once: what was logged before a crash is there.
 * Only what is passed is logged: no headers, no payload, no certificates.
 */
export function createLog(component: string, level: string, fields: Readonly<Record<string, string>> = {}): Log {
  return pino({ level, base: { component, ...fields }, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, pino.destination({ dest: 1, sync: true }));
}
