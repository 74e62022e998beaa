import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type MsgHdrs } from '@nats-io/transport-node';
import pg from 'pg';
import type { MeiliTestServer, NatsTestServer } from './servers.js';

// Each function looks everywhere, knows nothing of what is kept where, and answers with the places in which the text stands, in whatever case.
// A test that looks for nothing must first have looked with success.

/** In which tables of a database the text stands in any column, and in how many rows. `url` is that of the migration role, which sees every tenant. */
export async function findInDatabase(url: string, text: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      // Bytes are shown in hexadecimal digits.
      const { rows } = await client.query<{ count: number }>(
        `select count(*)::int as count from ${name} as t
         where strpos(lower(t::text), lower($1)) > 0 or strpos(t::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0`,
        [text],
      );
      if (rows[0]?.count) found.push(`${name}: ${rows[0].count}`);
    }
    return found;
  } finally {
    await client.end();
  }
}

/** In which messages of which streams the text stands, in the headers or in the payload; of files in the object store also across two pieces. */
export async function findInStreams(nats: NatsTestServer, text: string): Promise<string[]> {
  const { KONTOR_NATS_USER: user, KONTOR_NATS_PASSWORD: pass } = nats.env('test');
  const connection = await connect({ servers: nats.url, user, pass });
  try {
    const manager = await jetstreamManager(connection);
    const found: string[] = [];
    for await (const { config, state } of manager.streams.list()) {
      const ends = new Map<string, string>();
      // An empty stream has neither a first nor a last one.
      for (let seq = Math.max(state.first_seq, 1); seq <= state.last_seq; seq++) {
        const message = await manager.streams.getMessage(config.name, { seq });
        if (!message) continue;
        const payload = (ends.get(message.subject) ?? '') + Buffer.from(message.data).toString('utf8');
        if (holds(textOf(message.header) + payload, text)) found.push(`${config.name} ${message.seq}: ${message.subject}`);
        ends.set(message.subject, payload.slice(-text.length));
      }
    }
    return found;
  } finally {
    await connection.close();
  }
}

/** In which documents of which indexes of Meilisearch the text stands, and in which of its tasks. */
export async function findInMeili(meili: MeiliTestServer, text: string): Promise<string[]> {
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${meili.url}${path}`, { headers: { authorization: `Bearer ${meili.masterKey}` } });
    if (!answer.ok) throw new Error(`Meilisearch answered ${path} with ${answer.status}`);
    return (await answer.json()) as T;
  };
  const found: string[] = [];
  const { results: indexes } = await get<{ results: { uid: string }[] }>('/indexes?limit=1000');
  for (const { uid } of indexes)
    for (let offset = 0, total = 1; offset < total; offset += 1_000) {
      const page = await get<{ results: { id: string }[]; total: number }>(`/indexes/${uid}/documents?limit=1000&offset=${offset}`);
      for (const document of page.results) if (holds(JSON.stringify(document), text)) found.push(`${uid}: ${document.id}`);
      total = page.total;
    }
  for (let from: number | null = null, first = true; first || from !== null; first = false) {
    const page: { results: { uid: number }[]; next: number | null } = await get(`/tasks?limit=1000${from === null ? '' : `&from=${from}`}`);
    for (const task of page.results) if (holds(JSON.stringify(task), text)) found.push(`task ${task.uid}`);
    from = page.next;
  }
  return found;
}

const holds = (where: string, text: string) => where.toLowerCase().includes(text.toLowerCase());

/** Headers as they are, and as they were before they were packed into ASCII. */
const textOf = (headers: MsgHdrs): string =>
  Array.from(headers, ([key, values]) => `${key}: ${values.flatMap((value) => [value, unpacked(value)]).join()}\n`).join('');

function unpacked(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
