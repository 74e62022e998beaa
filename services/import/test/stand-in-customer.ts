import { AppError, addressOf, Bus } from '@kontor/bus';
import { type ErrorCode, getSettings, type InputOf, importContacts, type RowOutcome, type Settings, statusOf } from '@kontor/contracts';
import { headers, type Msg } from '@nats-io/nats-core';

type Batch = InputOf<typeof importContacts>;

/**
 * A customer service reduced to its promise about batches, on the real bus: each takes effect once, and its outcome is given again when it
 * comes again. A row without a last name is refused. It can be made to fail in every way that matters.
 */
export class StandInCustomer {
  /** Batches as they took effect, in their order, by import. */
  readonly taken = new Map<string, Batch[]>();
  /** The headers of the last request. */
  lastHeaders: Msg['headers'];
  /** Called before each batch; what it throws is the answer. */
  before: (batch: Batch) => unknown = () => undefined;
  /** Whether the answer to a batch gets lost on its way, though it took effect. */
  losesAnswer: (batch: Batch) => boolean = () => false;

  readonly settings: Settings = {
    ...{ version: 1, country: 'DE', types: [], customFields: [], assignByMailDomain: true, contactFromTicket: true, binDays: 60 },
  };

  private readonly outcomes = new Map<string, RowOutcome[]>();

  private constructor(private readonly bus: Bus) {}

  static async start(env: Record<string, string>): Promise<StandInCustomer> {
    const { KONTOR_NATS_URL: url = '', KONTOR_NATS_USER: user, KONTOR_NATS_PASSWORD: password } = env;
    const standIn = new StandInCustomer(await Bus.connect({ name: 'customer', url, user, password }));
    standIn.bus.connection.subscribe(addressOf(importContacts.subject, '*'), {
      queue: 'customer',
      callback: (_, message) => void standIn.answer(message),
    });
    standIn.bus.connection.subscribe(addressOf(getSettings.subject, '*'), {
      queue: 'customer',
      callback: (_, message) => void message.respond(JSON.stringify(standIn.settings)),
    });
    await standIn.bus.connection.flush();
    return standIn;
  }

  /** Nobody serves contacts any more, as when all replicas are gone. */
  async stop(): Promise<void> {
    if (!this.bus.connection.isClosed()) await this.bus.connection.drain();
  }

  rowsOf(importId: string): Batch['rows'] {
    return (this.taken.get(importId) ?? []).flatMap((batch) => batch.rows);
  }

  private async answer(message: Msg): Promise<void> {
    this.lastHeaders = message.headers;
    const batch = importContacts.input.parse(message.json());
    try {
      await this.before(batch);
      const outcomes = this.takeIn(batch);
      if (!this.losesAnswer(batch)) message.respond(JSON.stringify({ outcomes }));
    } catch (error) {
      const { code, text }: { code: ErrorCode; text: string } =
        error instanceof AppError ? { code: error.code, text: error.message } : { code: 'internal', text: String(error) };
      const told = headers();
      told.set('Nats-Service-Error-Code', String(statusOf[code]));
      message.respond(JSON.stringify({ code, message: text, details: {} }), { headers: told });
    }
  }

  private takeIn(batch: Batch): RowOutcome[] {
    const key = `${batch.importId} ${batch.number}`;
    const known = this.outcomes.get(key);
    if (known) return known;
    const outcomes = batch.rows.map(
      (row): RowOutcome => (row.lastName ? { status: 'created' } : { status: 'rejected', reasons: ['needs a last name'] }),
    );
    this.outcomes.set(key, outcomes);
    this.taken.set(batch.importId, [...(this.taken.get(batch.importId) ?? []), batch]);
    return outcomes;
  }
}
