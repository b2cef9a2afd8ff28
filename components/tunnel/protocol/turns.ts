import type { TunnelStream } from './stream.ts';

/** Streams that have something to send, in the order in which they get their turns: round robin, one quantum each. */
export class Turns {
  #line: TunnelStream[] = [];
  #next = 0;

  get empty(): boolean {
    return this.#next === this.#line.length;
  }

  /** A stream stands in line once. */
  add(stream: TunnelStream): void {
    if (stream.queued) return;
    stream.queued = true;
    this.#line.push(stream);
  }

  take(): TunnelStream | undefined {
    const stream = this.#line[this.#next];
    if (stream === undefined) return undefined;
    this.#next += 1;
    stream.queued = false;
    if (this.#next === this.#line.length) {
      this.#line = [];
      this.#next = 0;
    } else if (this.#next >= 1024) {
      this.#line = this.#line.slice(this.#next);
      this.#next = 0;
    }
    return stream;
  }
}
