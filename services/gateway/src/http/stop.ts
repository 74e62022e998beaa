import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the process stops: answers that could go on for hours end then. */
    stopping: AbortSignal;
  }
}

/** Lets a stop end as soon as the last call that has begun is answered, whatever connections clients hold open. */
export function stopSoon(http: FastifyInstance): void {
  const stop = new AbortController();
  http.decorate('stopping', stop.signal);

  const sockets = new Set<Socket>();
  http.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  http.addHook('preClose', async () => {
    stop.abort();
    // Again and again, because a connection is idle only after its last answer; one that was opened ahead of a call never counts as such.
    const sweep = setInterval(() => {
      http.server.closeIdleConnections();
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    }, 100);
    http.server.once('close', () => clearInterval(sweep));
  });
}
