import { Socket } from 'node:net';

/**
 * Whoever started this process holds the other end of a descriptor, which closes when they die, even by SIGKILL: then nobody
 * would tell of a signal any more, nor want what this process does.
 *
 * @param fd as an environment variable has it; anything else than the number of a descriptor: nobody is watched
 */
export function watchOwner(fd: string | undefined, gone: () => void): void {
  if (fd === undefined || !/^\d+$/.test(fd)) return;
  try {
    const socket = new Socket({ fd: Number(fd), readable: true, writable: false });
    socket.on('error', () => {}).on('close', gone).resume().unref();
  } catch {
    // Not a socket: started by something else that happens to set the variable.
  }
}
