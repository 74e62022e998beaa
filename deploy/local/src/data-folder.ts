// What a hub on this machine keeps between two starts beside its servers' data: passwords, the provider's signing key, ports, and, while
// it runs, where it can be reached.
import { randomBytes } from 'node:crypto';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, isFree } from './free-port.js';
import { messageOf, SetupError } from './setup-error.js';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** Where a running hub is reached; `npm run token` reads it. */
export interface HubAddresses {
  api: string;
  issuer: string;
}

export class DataFolder {
  readonly path: string;

  constructor(path = process.env.KONTOR_DATA_DIR || join(repository, '.kontor')) {
    this.path = resolve(path);
  }

  /** Makes the folder, for this user only: it holds passwords. */
  open(): void {
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      chmodSync(this.path, 0o700);
      accessSync(this.path, constants.W_OK);
    } catch (error) {
      throw new SetupError(`The data folder ${this.path} cannot be used (${messageOf(error)}): set KONTOR_DATA_DIR to a folder of yours.`);
    }
  }

  /** The secret of this name, made when it is asked for the first time. Letters and digits, a letter first: such a word needs no quoting anywhere. */
  secret(name: string): string {
    const secrets = this.read<Record<string, string>>('secrets.json') ?? {};
    secrets[name] ??= `k${randomBytes(20).toString('hex')}`;
    this.write('secrets.json', secrets);
    return secrets[name];
  }

  /** The port this name had at the last start if it is still free, else another one. */
  async port(name: string): Promise<number> {
    const ports = this.read<Record<string, number>>('ports.json') ?? {};
    const known = ports[name];
    const port = known && (await isFree(known)) ? known : await freePort();
    this.write('ports.json', { ...ports, [name]: port });
    return port;
  }

  hub(): HubAddresses | undefined {
    return this.read<HubAddresses>('hub.json');
  }

  announce(addresses: HubAddresses): void {
    this.write('hub.json', addresses);
  }

  withdraw(): void {
    rmSync(join(this.path, 'hub.json'), { force: true });
  }

  read<T>(name: string): T | undefined {
    const file = join(this.path, name);
    if (!existsSync(file)) return undefined;
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as T;
    } catch (error) {
      throw new SetupError(`${file} cannot be read (${messageOf(error)}): remove it, or set KONTOR_DATA_DIR to another folder.`);
    }
  }

  /** All or nothing: a crash in the middle must not leave half a file. */
  write(name: string, value: unknown): void {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}
