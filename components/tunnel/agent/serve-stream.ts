import type { AllowList } from './allow-list.ts';
import { Dial } from '../common/dial.ts';
import { formatHostPort, parseHostPort } from '../common/host-port.ts';
import { Splice, type StreamError, type TunnelStream } from '../protocol/index.ts';

/** For logs and metrics. */
export interface StreamEvents {
  dialled(stream: TunnelStream, ms: number): void;
  refused(stream: TunnelStream, code: string, reason: string): void;
  done(stream: TunnelStream, error: StreamError | undefined): void;
}

/** Whatever a server asks for. Also, a timer of Node that is set to more than 2^31 ms goes off at once. Milliseconds. */
const longestDialMs = 60_000;

/** Dials what the server asks for, if the allow-list has it, and joins the two. */
export function serveStream(stream: TunnelStream, deadlineMs: number, allowList: AllowList, events: StreamEvents): void {
  const refuse = (code: Parameters<TunnelStream['reset']>[0], reason: string): void => {
    events.refused(stream, code, reason);
    stream.reset(code, reason);
  };
  const target = parseHostPort(stream.target);
  if (target === undefined) return refuse('FORBIDDEN', 'the target is not HOST:PORT');
  const where = allowList.resolve(target);
  if (where === undefined) return refuse('FORBIDDEN', `the agent dials its own kubelet and the Pods of its own node, not ${formatHostPort(target)}`);
  const startedAt = performance.now();
  const dial = new Dial(where, Math.min(deadlineMs, longestDialMs), {
    reached: (socket) => {
      const splice = new Splice(socket, stream, { done: (error) => events.done(stream, error) });
      stream.accept(splice);
      splice.start();
      events.dialled(stream, performance.now() - startedAt);
    },
    failed: ({ code, message }) => {
      if (!stream.isClosed) refuse(code, message);
    },
  });
  // A stream that the server gives up while it is being dialled: nobody waits for the socket.
  stream.onClosedEarly = () => dial.cancel();
}
