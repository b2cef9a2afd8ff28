import { readFile } from 'node:fs/promises';
import { exec, ExecError, type ExecOptions, type ExecResult } from '../../core/exec.ts';
import { CannotTellError } from '../../core/errors.ts';
import { demandEngine } from '../engine/demand-engine.ts';
import { Entrance, type Inside } from './entrance.ts';

/** The Docker engine that everything runs on. */
export interface Engine {
  /** A `DOCKER_HOST` value, for example `unix:///var/run/docker.sock`. */
  readonly host: string;
  /** Started by edgeproof, with a data root of its own; otherwise the user's. */
  readonly private: boolean;
  readonly version: string;
}

/** What `docker inspect` says of a container, as far as edgeproof reads it. */
export interface ContainerFacts {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Running: boolean; readonly StartedAt: string; readonly Pid: number };
  readonly Config: { readonly Labels: Readonly<Record<string, string>>; readonly Image: string; readonly Env: readonly string[] };
  readonly HostConfig: { readonly Privileged: boolean };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string; readonly MacAddress: string }>> };
}

/** Docker's own command line, bound to one engine. kind needs that program too, so it is always there. */
export class Docker {
  readonly engine: Engine;

  /** To the containers of an engine that this process's user has started on this host. */
  readonly #entrance: Entrance | undefined;

  constructor(engine: Engine) {
    this.engine = engine;
    this.#entrance = engine.private ? new Entrance(async (container, signal) => await this.#inside(container, signal)) : undefined;
  }

  async #inside(container: string, signal?: AbortSignal): Promise<Inside | undefined> {
    const { facts } = await this.#find(container, signal);
    if (facts?.State.Running !== true) return undefined;
    const { Id, State: { Pid: pid }, Config: { Env: env }, HostConfig: { Privileged: privileged } } = facts;
    // Where the engine counts its processes otherwise than we do, this number is somebody else's.
    const cgroup = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
    return cgroup.includes(Id) ? { pid, env, privileged } : undefined;
  }

  async #find(container: string, signal?: AbortSignal): Promise<{ readonly facts: ContainerFacts | undefined; readonly stderr: string }> {
    const { stdout, code, stderr } = await this.run(['container', 'inspect', container], { accept: 'any', ...(signal && { signal }) });
    return { facts: code === 0 ? (JSON.parse(stdout) as ContainerFacts[])[0] : undefined, stderr };
  }

  /** Environment for any program that talks to this engine (kind, testcontainers). */
  get env(): Record<string, string> {
    return { DOCKER_HOST: this.engine.host };
  }

  /**
   * Runs `docker ARGS…`.
   *
   * @throws EngineGoneError when the engine does not run any more, also where any exit code is accepted; ExecError
   */
  async run(args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    let result: ExecResult;
    try {
      result = await exec(['docker', ...args], { ...options, env: { ...options.env, ...this.env } });
    } catch (error) {
      if (!(error instanceof ExecError && error.code === 'EXEC_ABORTED')) await demandEngine(this.engine);
      throw error;
    }
    // To whoever takes any answer, none from an engine that is gone would mean that there is nothing.
    if (result.code !== 0) await demandEngine(this.engine);
    return result;
  }

  /** Runs a program inside a running container, without a shell. Stdin is open when `input` is given. @throws as `run` */
  async exec(container: string, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const entered = await this.#entrance?.run(container, argv, options);
    if (entered !== undefined) return entered;
    const interactive = options.input === undefined ? [] : ['-i'];
    return await this.run(['exec', ...interactive, container, ...argv], options);
  }

  /** @throws CannotTellError `CONTAINER_GONE` */
  async inspect(container: string, signal?: AbortSignal): Promise<ContainerFacts> {
    const { facts, stderr } = await this.#find(container, signal);
    if (facts === undefined) throw new CannotTellError('CONTAINER_GONE', `no container ${container}: ${stderr.trim()}`);
    return facts;
  }

  /** Names of containers, running or not, that match all filters (`label=…`, `network=…`, `name=…`). */
  async containers(...filters: readonly string[]): Promise<string[]> {
    const { stdout } = await this.run(['ps', '--all', '--format', '{{.Names}}', ...filters.flatMap((f) => ['--filter', f])]);
    return stdout.split('\n').filter((name) => name !== '');
  }

  /** The address of a container on a network. @throws CannotTellError */
  async address(container: string, network: string): Promise<string> {
    const address = (await this.inspect(container)).NetworkSettings.Networks[network]?.IPAddress;
    if (!address) throw new CannotTellError('CONTAINER_NO_ADDRESS', `${container} has no address on network ${network}`);
    return address;
  }
}
