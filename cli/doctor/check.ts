import type { Engine } from '../../harness/docker/docker.ts';

/** What a check found. `edgeproof`: something is missing that edgeproof brings by itself when it is needed. */
export interface Finding {
  readonly status: 'ok' | 'edgeproof' | 'you';
  /** What is there, in a few words. */
  readonly found: string;
  /** What edgeproof will do, or what the user must do. */
  readonly next?: string;
  /** Mends it, where edgeproof may: what the user asked for with --fix. */
  readonly fix?: (signal: AbortSignal) => Promise<void>;
}

export interface DoctorContext {
  /** The engine that edgeproof would use; undefined when none answers. */
  readonly engine: Engine | undefined;
  /** Whether edgeproof may install Debian packages here. */
  readonly installs: boolean;
  readonly signal: AbortSignal;
}

export interface Check {
  /** Stable, for machines. */
  readonly id: string;
  look(context: DoctorContext): Promise<Finding>;
}

export const ok = (found: string): Finding => ({ status: 'ok', found });
export const you = (found: string, next: string, fix?: Finding['fix']): Finding => ({ status: 'you', found, next, ...(fix !== undefined && { fix }) });
export const byEdgeproof = (found: string, next: string): Finding => ({ status: 'edgeproof', found, next });
