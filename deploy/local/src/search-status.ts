// What `npm run kontor -- search …` says about the state of the index, in lines to read.
import type { SearchStatus } from '@kontor/contracts';
import { progressBar } from './progress-bar.js';

type Run = NonNullable<SearchStatus['rebuild']>;
type Verify = NonNullable<SearchStatus['verify']>;

const number = (value: number) => value.toLocaleString('en');
const waiting = ({ waiting }: SearchStatus['lag']['people']) => (waiting === null ? 'an unknown number of' : number(waiting));
const moment = (iso: string) => `${iso.slice(0, 19).replace('T', ' ')} UTC`;
const states: Record<SearchStatus['state'], string> = {
  ready: 'ready',
  filling: 'being rebuilt, and not complete yet',
  interrupted: 'no changes arrive: a consumer on the bus is missing (see the log of the search service)',
  away: 'Meilisearch cannot be reached',
};

export function describeStatus(status: SearchStatus): string[] {
  const { state, writer, entries, fresh, words, identifiers, indexVersion, lag, rebuild, verify } = status;
  const line = (name: string, text: string) => `${name.padEnd(11)} ${text}`;
  return [
    line('index', states[state] + (writer ? '' : '; no replica writes to it at the moment')),
    line('entries', `${entries === null ? 'unknown' : number(entries)}, and ${number(fresh)} recent changes beside them`),
    line('dictionary', `${number(words)} words, ${number(identifiers)} identifiers`),
    ...(indexVersion.index === indexVersion.service
      ? []
      : [line('', `made by version ${indexVersion.index} of ${indexVersion.service}: the index is rebuilt by itself`)]),
    line('waiting', `${waiting(lag.people)} events of people, ${waiting(lag.bulk)} of imports and jobs, of all tenants`),
    line('rebuild', rebuild ? describeRun(rebuild) : 'none yet'),
    line('verify', verify ? describeVerify(verify) : 'none yet'),
  ];
}

function describeRun({ state, done, total, startedAt, finishedAt, error }: Run): string {
  if (state === 'running') return `${describeProgress({ done, total })}, since ${moment(startedAt)}`;
  const time = finishedAt === null ? '' : ` ${moment(finishedAt)} after ${duration(startedAt, finishedAt)}`;
  if (state === 'finished') return `finished${time}, ${number(done)} entries`;
  return `failed${time}, ${number(done)} of ${number(total)} entries done: ${error ?? 'it is not said why'}`;
}

function describeVerify({ deep, report, ...run }: Verify): string {
  const what = describeRun(run) + (deep ? ', with content' : '');
  return run.state === 'finished' ? `${what}: ${describeReport(report)}` : what;
}

function describeReport(report: Verify['report']): string {
  const found = Object.entries(report).filter(([, count]) => count > 0);
  return found.length === 0 ? 'nothing differed' : `${found.map(([what, count]) => `${number(count)} ${what}`).join(', ')}, repaired`;
}

/** What is shown while it runs. */
export const describeProgress = ({ done, total }: Pick<Run, 'done' | 'total'>): string =>
  `${progressBar(done, total)} ${percent(done, total)} %, ${number(done)} of ${number(total)}`;

/** Whether what was begun has ended as one would have it: not failed, and nothing was found that differs. */
export function isGood(action: 'rebuild' | 'verify', { rebuild, verify }: SearchStatus): boolean {
  if (action === 'rebuild') return rebuild?.state === 'finished';
  return verify?.state === 'finished' && Object.values(verify.report).every((count) => count === 0);
}

// Never 100 before it is done.
const percent = (done: number, total: number) => (total > 0 ? Math.floor((Math.min(done, total) / total) * 100) : 0);

function duration(from: string, to: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
