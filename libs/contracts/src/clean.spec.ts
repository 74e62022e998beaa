import { describe, expect, it } from '@jest/globals';
import { cleanEmail, cleanText, domainProblem, emailProblem, isBlank, truncate } from './clean.js';

describe('invisible characters', () => {
  it.each([
    ['ada\u200b', 'ada'],
    ['\ufeffada', 'ada'],
    ['A\u00adda', 'Ada'],
    ['\u202aAda\u202c', 'Ada'],
    ['\u2066Ada\u2069 \u200e', 'Ada'],
    ['a\u200db', 'ab'],
    ['E\u2060-1', 'E-1'],
    ['Cafe\u0301', 'Café'],
    // Persian "I want", Malayalam "avan", a family: joiners are a part of them.
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['അവന്\u200d', 'അവന്\u200d'],
    ['👩\u200d👧', '👩\u200d👧'],
    ['👩🏽\u200d🚀', '👩🏽\u200d🚀'],
    ['❤\ufe0f\u200d🔥', '❤\ufe0f\u200d🔥'],
    ['🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}', '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
    ['a\u{e0041}b', 'ab'],
    ['\u0600١٢', '\u0600١٢'],
    [' plain text ', 'plain text'],
  ])('%j is kept as %j', (text, expected) => expect(cleanText(text)).toBe(expected));

  it.each(['', ' ', '\u200b', '\u2060', '\u202e', '\u2800', '\u3164', '\u001a', '\u00a0\u200d', '\ufe0f', '\u115f\u1160'])(
    '%j is empty',
    (text) => {
      expect(isBlank(text)).toBe(true);
      expect(cleanText(text)).toBe('');
    },
  );
  it.each(['a', '.', '0', '\u0301', '王', '👍', '-'])('%j is something', (text) => expect(isBlank(text)).toBe(false));
});

describe('e-mail addresses', () => {
  it.each([
    ['ada@a.example\u200b', 'ada@a.example'],
    ['\u202aada@a.example\u202c', 'ada@a.example'],
    ['mailto:ada@a.example', 'ada@a.example'],
    ['MAILTO: ada@a.example?subject=Hello%20you', 'ada@a.example'],
    ['<ada@a.example>', 'ada@a.example'],
    ['<mailto:ada@a.example>.', 'ada@a.example'],
    ["'ada@a.example'", 'ada@a.example'],
    ['"ada@a.example"', 'ada@a.example'],
    ['“ada@a.example”', 'ada@a.example'],
    ['ada@a.example.', 'ada@a.example'],
    ['info@mu\u0308ller.example', 'info@müller.example'],
    ["o'brien@a.example", "o'brien@a.example"],
    ["'ndrangheta@a.example", "'ndrangheta@a.example"],
    ['Ada@A.example', 'Ada@A.example'],
  ])('%j is kept as %j', (given, kept) => {
    expect(cleanEmail(given)).toBe(kept);
    expect(emailProblem(cleanEmail(given))).toBeUndefined();
  });

  it.each([
    'a@b',
    'a+b@c.example',
    'a_b-c.d@e-f.example',
    "o'brien@a.example",
    '用户@例子.中国',
    'info@xn--mller-kva.example',
    'user@sub_domain.example',
    '!#$%&*/=?^`{|}~@a.example',
    `${'a'.repeat(64)}@b.example`,
    'ali@نامه\u200cای.example',
  ])('%s is one', (address) => expect(emailProblem(cleanEmail(address))).toBeUndefined());

  it.each([
    ['none', 'needs a name'],
    ['@b.example', 'needs a name'],
    ['a@', 'needs a name'],
    ['a@b..c', 'two dots in a row'],
    ['a@.b.example', 'begins or ends with a dot'],
    ['a@b.example..', 'begins or ends with a dot'],
    ['.a@b.example', 'before the "@"'],
    ['a.@b.example', 'before the "@"'],
    ['a..b@b.example', 'before the "@"'],
    ['a@-b.example', 'hyphen'],
    ['a@b-.example', 'hyphen'],
    ['a b@c.example', 'a space is not allowed before'],
    ['a@b c.example', 'a space is not allowed in a domain'],
    ['a@b@c.example', '"@" is not allowed before'],
    ['Ada Stone <ada@a.example>', 'without a name'],
    ['"ada stone"@a.example', 'without quotes'],
    ['a@b.example, c@d.example', 'only one address'],
    ['a;b@c.example', '";" is not allowed'],
    ['a@[127.0.0.1]', '"[" is not allowed in a domain'],
    ['a@127.0.0.1', 'ends in a number'],
    ['a@b.example/c', '"/" is not allowed in a domain'],
    ['a@b.example:25', '":" is not allowed in a domain'],
    [`${'a'.repeat(65)}@b.example`, 'more than 64'],
    [`a@${'b'.repeat(64)}.example`, 'too long'],
    [`a@${'b.'.repeat(130)}example`, 'longer than 254'],
  ])('%s is not one, with the reason', (address, why) => {
    const problem = emailProblem(cleanEmail(address));
    expect(problem).toMatch(/^must be an e-mail address like anna@firma\.example: /);
    expect(problem).toContain(why);
  });
});

it('a domain may be in any script', () => {
  for (const domain of ['firma.example', 'müller.example', 'xn--mller-kva.example', '例子。中国'])
    expect(domainProblem(domain)).toBeUndefined();
  for (const domain of ['a..b', '-a.example', 'a.example/x', 'a b.example', '1.2']) expect(domainProblem(domain)).toBeDefined();
});

describe('truncate', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc'],
    ['ab😀', 3, 'ab'],
    ['ab😀c', 4, 'ab😀'],
    ['😀', 1, ''],
    ['ab👩‍👧', 5, 'ab👩‍'],
  ])('%s to %d is %s', (text, max, expected) => expect(truncate(text, max)).toBe(expected));
});
