import { ProtocolError } from './errors.ts';
import { maxCredit } from './frame.ts';

/** What may still be sent on one stream. */
export class SendWindow {
  #credit = 0;

  get credit(): number {
    return this.#credit;
  }

  /** @throws ProtocolError for more credit than any peer can mean */
  add(bytes: number): void {
    if (this.#credit + bytes > maxCredit) throw new ProtocolError(`a credit of ${bytes} on top of ${this.#credit}`);
    this.#credit += bytes;
  }

  spend(bytes: number): void {
    this.#credit -= bytes;
  }
}
