import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CannotTellError } from '../../core/errors.ts';
import { exec } from '../../core/exec.ts';
import { StartedProgram } from '../../core/started-program.ts';
import { waitFor } from '../../core/wait.ts';

export interface View {
  readonly width: number;
  readonly height: number;
  readonly dark?: boolean;
  /** As of a phone: with fingers, and pixels that are finer. */
  readonly phone?: boolean;
  readonly script?: boolean;
}

const startTimeoutMs = 30_000;
const answerTimeoutMs = 30_000;
/** What one may be called. */
export const browsers: readonly string[] = ['chromium', 'chromium-browser', 'google-chrome', 'chromium-headless-shell'];

/** The name of the Chromium that there is on this machine, if there is one. */
async function findChromium(): Promise<string | undefined> {
  for (const name of browsers) if ((await exec(['sh', '-c', 'command -v -- "$1"', 'sh', name], { accept: 'any' })).code === 0) return name;
  return undefined;
}

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: object;
  readonly result?: object;
  readonly error?: { readonly message: string };
}

/** A real Chromium with one page, driven by its own protocol (https://chromedevtools.github.io/devtools-protocol/). Disposing ends it. */
export class Chromium implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #waiting = new Map<number, PromiseWithResolvers<object>>();
  readonly #complaints: string[] = [];
  #socket: WebSocket | undefined;
  #session: string | undefined;
  #loaded = Promise.withResolvers<void>();
  #last = 0;

  /** @throws CannotTellError `NO_BROWSER` */
  static async start(): Promise<Chromium> {
    const name = await findChromium();
    if (name === undefined) throw new CannotTellError('NO_BROWSER', 'no Chromium is installed', { next: 'install one: apt-get install chromium-headless-shell on Debian (as root there, npm test does it by itself), elsewhere Chromium or Google Chrome' });
    const browser = new Chromium();
    try {
      await browser.#open(name);
      return browser;
    } catch (error) {
      await browser[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #open(name: string): Promise<void> {
    const folder = this.#stack.use(await mkdtempDisposable(join(tmpdir(), 'edgeproof-chromium-')));
    // It refuses to run as root with its sandbox; the pages are our own and their policy forbids all else.
    const program = this.#stack.use(new StartedProgram([name, '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--remote-debugging-port=0', `--user-data-dir=${join(folder.path, 'profile')}`, 'about:blank']));
    const url = await waitFor('Chromium listening', async () => {
      const said = /^DevTools listening on (ws:\S+)$/m.exec(program.stderr)?.[1];
      return said === undefined ? { missing: program.stderr.slice(-200) || 'it says nothing' } : { done: said };
    }, { timeoutMs: startTimeoutMs, everyMs: 25 });
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#stack.defer(() => { socket.close(); });
    socket.addEventListener('message', ({ data }) => { this.#hear(JSON.parse(String(data)) as Answer); });
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => { resolve(); });
      socket.addEventListener('error', () => { reject(new CannotTellError('NO_BROWSER', 'Chromium does not speak')); });
    });
    const { targetInfos } = await this.#ask('Target.getTargets') as { targetInfos: { targetId: string; type: string }[] };
    const targetId = targetInfos.find(({ type }) => type === 'page')!.targetId;
    this.#session = (await this.#ask('Target.attachToTarget', { targetId, flatten: true }) as { sessionId: string }).sessionId;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.#ask(`${domain}.enable`);
  }

  #hear({ id, method, params, result, error }: Answer): void {
    if (method === 'Page.loadEventFired') this.#loaded.resolve();
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded') this.#complaints.push(JSON.stringify(params).slice(0, 600));
    if (method === 'Network.requestWillBeSent') {
      const { url } = (params as { request: { url: string } }).request;
      if (!/^(file|data|blob|about):/.test(url)) this.#complaints.push(`it asks for ${url}`);
    }
    const waiting = this.#waiting.get(id ?? -1);
    if (waiting === undefined) return;
    this.#waiting.delete(id ?? -1);
    if (error === undefined) waiting.resolve(result ?? {});
    else waiting.reject(new Error(error.message));
  }

  async #ask(method: string, params: object = {}): Promise<object> {
    const id = ++this.#last;
    const waiting = Promise.withResolvers<object>();
    this.#waiting.set(id, waiting);
    const deadline = setTimeout(() => { waiting.reject(new Error(`${method}: no answer within ${answerTimeoutMs / 1000} s`)); }, answerTimeoutMs);
    this.#socket!.send(JSON.stringify({ id, method, params, ...(this.#session !== undefined && { sessionId: this.#session }) }));
    try {
      return await waiting.promise;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Errors, refused content and requests of the page since it was opened: a page that is well has none. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** Opens a file, and comes back when it is there and drawn. @param hash with its `#` */
  async open(file: string, { width, height, dark = false, phone = false, script = true }: View, hash = ''): Promise<void> {
    await this.#ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: phone ? 2 : 1, mobile: phone });
    await this.#ask('Emulation.setFocusEmulationEnabled', { enabled: true });
    await this.#ask('Emulation.setTouchEmulationEnabled', { enabled: phone });
    await this.#ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
    await this.#ask('Emulation.setScriptExecutionDisabled', { value: !script });
    // From another page, as one that differs by its hash alone would only be scrolled.
    for (const url of ['about:blank', `${pathToFileURL(file).href}${hash}`]) {
      this.#loaded = Promise.withResolvers<void>();
      this.#complaints.length = 0;
      await this.#ask('Page.navigate', { url });
      await this.#loaded.promise;
    }
    if (script) await this.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
  }

  /** What an expression of the page's is, or comes to. @throws Error with what the page threw */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.#ask('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }) as { result: { value: T }; exceptionDetails?: { exception?: { description?: string }; text: string } };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Presses a key: `Tab`, `Enter`, `ArrowRight`, `Escape`, … */
  async press(key: string): Promise<void> {
    const code = { Tab: 9, Enter: 13, Escape: 27, End: 35, Home: 36, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 }[key] ?? 0;
    for (const type of ['keyDown', 'keyUp']) await this.#ask('Input.dispatchKeyEvent', { type, key, code: key, windowsVirtualKeyCode: code, ...(key === 'Enter' && type === 'keyDown' && { text: '\r' }) });
  }

  /** Moves the pointer to a place in the window. */
  async point(x: number, y: number): Promise<void> {
    await this.#ask('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
  }

  /** A PNG of what the window shows, or of the page to its end. */
  async picture(whole = false): Promise<Uint8Array> {
    const { data } = await this.#ask('Page.captureScreenshot', { format: 'png', captureBeyondViewport: whole }) as { data: string };
    return Buffer.from(data, 'base64');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
