import { CannotTellError } from '../../core/errors.ts';
import type { Docker } from '../docker/docker.ts';
import { echoContainer } from '../workloads/echo.ts';
import { NodeProgram } from './node-program.ts';
import type { NodePod } from './pods-on-node.ts';
import type { Sample } from './samples.ts';

/** What became of what a stream has sent. Numbers count from 1. */
export interface StreamReport {
  readonly sent: number;
  readonly lost: readonly number[];
  /** What was said of the first one that was lost, if anything was. */
  readonly why?: string;
}

const perSecond = 10;
/** No longer than any step, and what is left behind by a kill of this process ends. */
const lifeSeconds = 300;
/** A SYN that was lost is sent again after 1 s, so what was connected by then had no loss (RFC 6298, 2.1). */
const connectSeconds = 1;
/**
 * An application on a machine whose disk was busy was seen to need more than 1 s. What was lost behind the handshake is sent again after 0.2, 0.4, 0.8 and 1.6 s (tcp_retries, RFC 6298), so an outage of
 * this length is seen; shorter ones the pings see.
 */
const answerSeconds = 3;
/** Between two answers: as in RFC 7464. */
const separator = '\u001e';
/** Before how long it took. */
const partEnd = '\u001f';

/** Enters the network of a container ($1), and becomes a program of the node's there. */
const inPod = (program: string): string => `
pid=$(crictl inspect -o go-template --template '{{.info.pid}}' "$1") || exit 90
exec nsenter --target "$pid" --net ${program}`;

interface Kind {
  readonly script: string;
  /** What it says when something was answered. */
  readonly answered: string;
  readonly read: (stdout: string) => StreamReport;
  /** @param startedAt milliseconds since the epoch */
  readonly samples: (stdout: string, startedAt: number) => Sample[];
}

// With -w, iputils' ping ends at the first error that it hears of, which is just when its count is wanted.
const pings: Kind = {
  script: inPod(`ping -n -i ${1 / perSecond} -c ${lifeSeconds * perSecond} "$2"`),
  answered: 'bytes from',
  read: readPings,
  samples: samplesOfPings,
};

/** The fragment is not sent: it makes many of one URL. curl goes on after one that failed. */
const requests = (uid: string): Kind => ({
  script: inPod(`stdbuf --output=L curl --silent --noproxy '*' --header 'Connection: close' --rate ${perSecond}/s --connect-timeout ${connectSeconds} --max-time ${connectSeconds + answerSeconds} --write-out '\\n%{http_code} %{errormsg}${partEnd}%{time_total}${separator}\\n' "$2#[1-${lifeSeconds * perSecond}]"`),
  answered: uid,
  read: (stdout) => readRequests(stdout, uid),
  samples: (stdout, startedAt) => samplesOfRequests(stdout, uid, startedAt),
});

/**
 * Something small, ten times a second, from a Pod to another, by programs of the node in the Pod's network: what is lost on the way is seen one by one. Pings take
 * the way of any packet to an address; requests open a connection each, as a Service's rules are asked once per connection. Disposing ends it.
 */
export class SteadyStream implements AsyncDisposable {
  readonly #program: NodeProgram;
  readonly #kind: Kind;
  readonly #startedAt = Date.now();
  #said = '';

  private constructor(program: NodeProgram, kind: Kind) {
    this.#program = program;
    this.#kind = kind;
  }

  /** Comes back when the first ping was answered. @throws CannotTellError `NOT_STARTED`, `NO_CONTAINER` */
  static async ofPings(docker: Docker, from: NodePod, address: string, signal?: AbortSignal): Promise<SteadyStream> {
    return await SteadyStream.#start(docker, from, address, pings, signal);
  }

  /** Comes back when the first request was answered. @param uid of the Pod that must answer @throws as `ofPings` */
  static async ofRequests(docker: Docker, from: NodePod, url: string, uid: string, signal?: AbortSignal): Promise<SteadyStream> {
    return await SteadyStream.#start(docker, from, url, requests(uid), signal);
  }

  static async #start(docker: Docker, from: NodePod, target: string, kind: Kind, signal: AbortSignal | undefined): Promise<SteadyStream> {
    const container = from.containers.find(({ name, running }) => name === echoContainer && running);
    if (container === undefined) throw new CannotTellError('NO_CONTAINER', `${from.namespace}/${from.name} does not run, so nothing can be sent from it`);
    const options = { script: kind.script, args: [container.id, target], lifeMs: lifeSeconds * 1000 + 10_000, ...(signal && { signal }) };
    return new SteadyStream(await NodeProgram.start(docker, from.node, kind.answered, options), kind);
  }

  get running(): boolean {
    return this.#program.running;
  }

  /**
   * Ends the stream and judges it. What it has said of a loss counts, also when it has ended by itself.
   *
   * @throws CannotTellError `ENDED_EARLY`; `STREAM_STARVED` when it sent less than half of what it should have
   */
  async end(): Promise<StreamReport> {
    const ranMs = Date.now() - this.#startedAt;
    if (!this.#program.running) return await this.#endedEarly();
    this.#said = (await this.#program.end()).stdout;
    const report = this.#kind.read(this.#said);
    if (report.sent < (ranMs / 1000) * perSecond / 2 - 1) throw new CannotTellError('STREAM_STARVED', `${report.sent} were sent within ${(ranMs / 1000).toFixed(1)} s: too few to say that none is lost`, { next: 'run it again on a machine with less to do' });
    return report;
  }

  /** Once it has ended: every one that it sent. */
  get samples(): readonly Sample[] {
    return this.#kind.samples(this.#said, this.#startedAt);
  }

  async #endedEarly(): Promise<StreamReport> {
    const { stdout, stderr } = await this.#program.said;
    this.#said = stdout;
    const report = this.#kind.read(stdout);
    if (report.lost.length === 0) throw new CannotTellError('ENDED_EARLY', `a stream has ended before it was told to, and says of no loss: ${stderr.trim().slice(-200) || stdout.trim().slice(-200)}`);
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** @internal Of ping(8) of iputils. The last one does not count if it was still on its way. */
export function readPings(stdout: string): StreamReport {
  const transmitted = Number(/^(\d+) packets transmitted/m.exec(stdout)?.[1]);
  if (!(transmitted > 0)) throw new CannotTellError('NO_REPORT', `ping ended without its statistics: ${stdout.slice(-200)}`);
  const answered = new Set([...stdout.matchAll(/^\d+ bytes from .* icmp_seq=(\d+) /gm)].map(([, number]) => Number(number)));
  const sent = answered.has(transmitted) ? transmitted : transmitted - 1;
  const lost = Array.from({ length: sent }, (_, index) => index + 1).filter((number) => !answered.has(number));
  const why = /^From .*$/m.exec(stdout)?.[0];
  return { sent, lost, ...(lost.length > 0 && why !== undefined && { why }) };
}

/** @internal What was not said to its end when curl was ended does not count. */
export function readRequests(stdout: string, uid: string): StreamReport {
  const failures = stdout.split(`${separator}\n`).slice(0, -1).map((said) => failureIn(said, uid));
  const lost = failures.flatMap((failure, index) => (failure === undefined ? [] : [index + 1]));
  const why = failures.find((failure) => failure !== undefined);
  return { sent: failures.length, lost, ...(why !== undefined && { why }) };
}

/** Why a request got no answer by whom it was meant for; undefined when it did. */
function failureIn(said: string, uid: string): string | undefined {
  const [, body = '', status = '', error = ''] = /^([^]*)\n(\d{3}) ([^\n\u001f]*)/.exec(said) ?? [];
  if (status === '200' && body.includes(`"uid":"${uid}"`)) return undefined;
  return error || `HTTP ${status || 'without a status'}, and not by whom it was meant for: ${body.slice(0, 80)}`;
}

/** @internal Each ping that was sent, where its number says when. */
export function samplesOfPings(stdout: string, startedAt: number): Sample[] {
  const answered = new Map([...stdout.matchAll(/^\d+ bytes from .* icmp_seq=(\d+) .*?time=([\d.]+)/gm)].map(([, number, ms]) => [Number(number), Number(ms)]));
  const { sent, why = 'no answer' } = readPings(stdout);
  return Array.from({ length: sent }, (_, index): Sample => {
    const [at, ms] = [startedAt + (index / perSecond) * 1000, answered.get(index + 1)];
    return ms === undefined ? { at, why } : { at, ms };
  });
}

/** @internal Each request: curl begins the next after a tenth of a second, or when the last has ended if that is later. */
export function samplesOfRequests(stdout: string, uid: string, startedAt: number): Sample[] {
  let at = startedAt;
  return stdout.split(`${separator}\n`).slice(0, -1).map((said): Sample => {
    const ms = Number(said.split(partEnd)[1] ?? 0) * 1000;
    const [began, why] = [at, failureIn(said, uid)];
    at += Math.max(1000 / perSecond, ms);
    return why === undefined ? { at: began, ms } : { at: began, why };
  });
}
