import { exec, type ExecOptions, type ExecResult } from '../../core/exec.ts';
import { StartedProgram, type StartOptions } from '../../core/started-program.ts';

/** Real kubectl, bound to one cluster: what users type, so what tunnels are graded by. */
export class Kubectl {
  readonly path: string;
  readonly kubeconfig: string;

  constructor(path: string, kubeconfig: string) {
    this.path = path;
    this.kubeconfig = kubeconfig;
  }

  /**
   * Runs `kubectl ARGS…`. It inherits no proxy settings: they would carry it past the cluster under test.
   *
   * @throws ExecError `EXEC_TIMEOUT` when it still ran at the deadline; `EXEC_FAILED` for exit codes not accepted.
   */
  async run(args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return await exec([this.path, ...args], { ...options, env: { ...options.env, ...this.env } });
  }

  /** Waits until a workload (`deployment/NAME`) is as it was last told to be. @throws ExecError `EXEC_FAILED` when it is not by then */
  async rolledOut(workload: string, { namespace, timeoutMs, signal }: { readonly namespace: string; readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<void> {
    // Its own deadline comes first: it then says what is still missing.
    await this.run(['rollout', 'status', workload, '--namespace', namespace, `--timeout=${timeoutMs / 1000}s`], { timeoutMs: timeoutMs + 5000, ...(signal && { signal }) });
  }

  /** Starts `kubectl ARGS…` and leaves it running: logs that are followed, ports that are forwarded. */
  start(args: readonly string[], options: StartOptions = {}): StartedProgram {
    return new StartedProgram([this.path, ...args], { ...options, env: { ...options.env, ...this.env } });
  }

  /** What a program needs to run this kubectl against this cluster. */
  get env(): Readonly<Record<string, string>> {
    // Most live for a tenth of a second, of which a fifth went into collecting garbage.
    return { GOGC: '400', KUBECONFIG: this.kubeconfig, HTTPS_PROXY: '', https_proxy: '', HTTP_PROXY: '', http_proxy: '', ALL_PROXY: '', all_proxy: '' };
  }
}
