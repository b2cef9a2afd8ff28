import { createHash } from 'node:crypto';
import { Gauge, type Registry } from 'prom-client';

/** By the flag that names each file, its content as it is in use. None of a secret that could be guessed. */
export type FilesInUse = Readonly<Record<string, string>>;

/** Tells Prometheus which content of its files a process works with: a rotation may go on when all of them tell the new one. */
export function tellFilesInUse(registry: Registry, files: () => FilesInUse): void {
  new Gauge({
    name: 'edge_tunnel_file_in_use',
    help: 'Always 1: the SHA-256 of a PEM file as it is in use, as sha256sum prints it, by the flag that names the file.',
    labelNames: ['file', 'sha256'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [file, content] of Object.entries(files())) this.set({ file, sha256: createHash('sha256').update(content).digest('hex') }, 1);
    },
  });
}
