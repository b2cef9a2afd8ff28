import { type FaultContext } from './fault.ts';

/** What systemd of a node says of a unit, each property by its name (systemctl(1), show). @throws ExecError */
export async function unitProperties({ docker, signal }: Pick<FaultContext, 'docker' | 'signal'>, node: string, unit: string, properties: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await docker.exec(node, ['systemctl', 'show', unit, '--property', properties.join(',')], { timeoutMs: 15_000, signal });
  return new Map(stdout.trim().split('\n').map((line) => line.split('=', 2) as [string, string]));
}
