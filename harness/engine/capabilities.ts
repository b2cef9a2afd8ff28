import { readFile } from 'node:fs/promises';

/** Linux capabilities by bit number (linux/capability.h, capabilities(7)). */
const names = [
  'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP', 'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT',
  'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE',
  'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ',
  'PERFMON', 'BPF', 'CHECKPOINT_RESTORE',
] as const;

/**
 * Capabilities that this host's root cannot have, as `CAP_…` names.
 *
 * @param status text of /proc/self/status
 * @param last the kernel's highest capability number (/proc/sys/kernel/cap_last_cap)
 */
export function missingCapabilities(status: string, last: number): string[] {
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? 'ffffffffffffffff'}`);
  return names.filter((_, bit) => bit <= last && (bounding & (1n << BigInt(bit))) === 0n).map((name) => `CAP_${name}`);
}

/** As {@link missingCapabilities}, read from the running kernel. */
export async function missingHostCapabilities(): Promise<string[]> {
  const [status, last] = await Promise.all([readFile('/proc/self/status', 'utf8'), readFile('/proc/sys/kernel/cap_last_cap', 'utf8')]);
  return missingCapabilities(status, Number(last));
}
