import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';

/**
 * JSON lines on standard output. Nothing that a user typed is logged: our own code logs objects with an `event` and ids,
 * and known names of personal data are blanked out should they ever get in.
 */
export const createLog = (service: string, level: string): Logger =>
  pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: [
        'authorization',
        '*.authorization',
        'password',
        '*.password',
        'token',
        '*.token',
        'email',
        '*.email',
        'headers',
        'body',
        'parameters',
        'query',
      ],
      censor: '[hidden]',
    },
  });

/** Lets Nest write into our log; its start-up chatter goes to debug. */
export class NestLog implements LoggerService {
  constructor(private readonly out: Logger) {}

  private write(level: 'info' | 'warn' | 'error' | 'debug' | 'fatal', message: unknown, rest: unknown[]): void {
    // Nest calls with (message, …, context); an object is a log line of our own.
    const context = rest.at(-1);
    const about = typeof context === 'string' ? { context } : {};
    if (typeof message === 'object' && message !== null && !(message instanceof Error)) this.out[level]({ ...about, ...message });
    else this.out[level](about, message instanceof Error ? message.message : String(message));
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(typeof message === 'object' ? 'info' : 'debug', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }
}
