import { type Docker } from './docker.ts';

/**
 * Makes a stopped container come back at the address it had. Docker gives a stopped container's address to whoever
 * starts next, and a real machine does not change its address by a reboot. Done once, it holds for every later start.
 *
 * @throws ExecError
 */
export async function pinAddress(docker: Docker, network: string, container: { readonly name: string; readonly address: string }, signal: AbortSignal): Promise<void> {
  const { name, address } = container;
  const options = { timeoutMs: 20_000, signal };
  const { stdout } = await docker.run(['inspect', '--format', `{{json (index .NetworkSettings.Networks "${network}")}}`, name], options);
  const endpoint = JSON.parse(stdout) as { IPAMConfig?: { IPv4Address?: string } | null } | null;
  if (endpoint?.IPAMConfig?.IPv4Address === address) return;
  if (endpoint !== null) await docker.run(['network', 'disconnect', network, name], options);
  await docker.run(['network', 'connect', '--ip', address, '--alias', name, network, name], options);
}
