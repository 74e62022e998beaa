import { describe, expect, it } from '@jest/globals';
import { readArguments, usage } from './kontor-arguments.js';

const read = (line: string) => readArguments(line.split(' ').filter(Boolean));

describe('npm run kontor', () => {
  it.each(['', '--help', '-h', 'search rebuild --help'])('%j asks what there is', (line) => {
    expect(read(line)).toBeUndefined();
    for (const action of ['status', 'rebuild', 'verify']) expect(usage).toContain(`search ${action}`);
  });

  it('looks after the search index', () => {
    const plain = { deep: false, watch: false, tenant: undefined };
    expect(read('search status')).toEqual({ action: 'status', ...plain });
    expect(read('search status --watch --tenant nord')).toEqual({ action: 'status', ...plain, watch: true, tenant: 'nord' });
    expect(read('search rebuild')).toEqual({ action: 'rebuild', ...plain });
    expect(read('--deep search verify')).toEqual({ action: 'verify', ...plain, deep: true });
  });

  it.each([
    ['find anna', /no find/],
    ['search', /status, rebuild, verify/],
    ['search mend', /mend.*status, rebuild, verify/],
    ['search verify all', /all/],
    ['search rebuild --deep', /--deep.*verify/],
    ['search status --tenant=', /--tenant/],
    ['search status --tenant', /--tenant/],
    ['search status --loud', /--loud/],
  ])('%j is refused with what is wrong', (line, message) => {
    expect(() => read(line)).toThrow(message);
  });
});
