// What the reaper and its parent say to each other, one JSON object a line.

export type ServerName = 'postgres' | 'nats' | 'meili';

/** The first line: what to start. A port left out or 0 means any free one. */
export interface Order {
  /** Where the data lives; without it in a temporary folder that is removed at the end. */
  dir?: string;
  /** Whether what a server acknowledged survives a loss of power; slower. */
  durable: boolean;
  postgres?: { port?: number; user: string; password?: string };
  nats?: { port?: number; config: string; env?: Record<string, string> };
  meili?: { port?: number; masterKey: string };
}

export interface StartedServer {
  name: ServerName;
  port: number;
  pid: number;
}

/** What the reaper says unasked: once that all are up or why not, later that a server ended by itself. */
export type Report = { servers: StartedServer[] } | { error: string; isSetup: boolean } | { ended: ServerName; log: string };

export interface Request {
  id: number;
  server: ServerName;
  action: 'kill' | 'stop' | 'start' | 'signal';
  signal?: NodeJS.Signals;
}

export interface Answer {
  id: number;
  started?: StartedServer;
  error?: string;
}
