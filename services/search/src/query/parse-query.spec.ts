import { describe, expect, test } from '@jest/globals';
import { fc } from '@kontor/testing/properties';
import { nastyText } from '../../test/nasty-text.js';
import { fieldNamed } from '../words/entry-fields.js';
import { joinedTokens, wordsOf } from '../words/words.js';
import { parseQuery } from './parse-query.js';
import { type Clause, escapeText, printQuery, QueryError } from './query.js';
import { wordTest } from './word-test.js';

const FIELDS = ['name', 'first', 'last', 'company', 'email', 'phone', 'city', 'tag', 'code', 'notes'];
const parse = (query: string) =>
  parseQuery(query, (name) =>
    FIELDS.includes(name.toLowerCase()) ? name.toLowerCase() : name === 'contractNo' ? 'c.contractno' : undefined,
  );
const bare = (clauses: Clause[]) => clauses.map(({ at: _, ...clause }) => clause);

/** A short way to write what was read: kind, field, text. */
const read = (query: string) =>
  parse(query).map((clause) => {
    const said =
      'pattern' in clause ? clause.pattern.map((piece) => (typeof piece === 'string' ? `<${piece}>` : piece.text)).join('') : clause.text;
    const edits = clause.kind === 'alike' ? clause.edits : '';
    const other = clause.or?.map((term) => `${term.kind} ${'text' in term ? term.text : ''}`).join(', ');
    return `${clause.not ? 'not ' : ''}${clause.field ? `${clause.field} ` : ''}${clause.kind}${edits} ${said}${other ? ` or ${other}` : ''}`;
  });

describe('a query', () => {
  test.each([
    ['', []],
    ['   ', []],
    ['mül', ['word mül']],
    ['ann mül', ['word ann', 'word mül']],
    ['Anne-Marie', ['word Anne-Marie']],
    ["O'Connor", ["word O'Connor"]],
    ['Smith,John', ['word Smith', 'word John']],
    ['GmbH & Co. KG', ['word GmbH', 'word Co', 'word KG']],
    ['S.A. e.K.', ['word S', 'word A', 'word e', 'word K']],
    ['王伟', ['word 王伟']],
    ['🔥', ['word 🔥']],
    ['12', ['word 12']],
    ['Sm?th', ['pattern Sm?th']],
    ['O* *son *mit* Sch*er', ['pattern O*', 'pattern *son', 'pattern *mit*', 'pattern Sch*er']],
    ['**', ['pattern *']],
    ["O'C*", ['pattern OC*']],
    ['a/b*', ['word a', 'pattern b*']],
    ['"Anna Müller"', ['phrase Anna Müller']],
    ['"wer?" "a*b"', ['phrase wer?', 'phrase a*b']],
    ['"sag \\"ja\\""', ['phrase sag "ja"']],
    ['abc"d e"f', ['word abc', 'phrase d e', 'word f']],
    ['""', []],
    ['Meier~', ['alike1 Meier']],
    ['Müller~', ['alike2 Müller']],
    ['Li~', ['alike0 Li']],
    ['Meier~1 Meier~2', ['alike1 Meier', 'alike2 Meier']],
    ["O'Brien~", ["alike2 O'Brien"]],
    ['Meier~3', ['word Meier', 'word 3']],
    ['030 1234', ['digits 030 1234 or phrase 030, phrase 1234']],
    ['+49(0)30/1234', ['digits +49(0)30 1234 or phrase 49, phrase 0, phrase 30, phrase 1234']],
    ['+49 (0) 30 / 12 - 34', ['digits +49 (0) 30 12 34 or phrase 49, phrase 0, phrase 30, phrase 12, phrase 34']],
    ['030 -1234', ['digits 030', 'not digits 1234']],
    ['-030 1234', ['not digits 030 1234 or phrase 030, phrase 1234']],
    ['0301234', ['digits 0301234']],
    ['01.23.45', ['digits 01 23 45 or phrase 01, phrase 23, phrase 45']],
    ['0171–2345678', ['digits 0171 2345678 or phrase 0171, phrase 2345678']],
    ['0171—23 − 45', ['digits 0171 23 45 or phrase 0171, phrase 23, phrase 45']],
    ['phone:212.555.0100', ['phone digits 212 555 0100']],
    ['10115. Berlin', ['digits 10115', 'word Berlin']],
    ['Booking.com', ['email Booking.com or word Booking, word com']],
    ['St.Gallen,', ['email St.Gallen or word St, word Gallen']],
    ['-Node.js', ['not email Node.js or word Node, word js']],
    ['mül*.de', ['email mül<*>.de or pattern mül*, word de']],
    ["O'Neil.Anne-Marie", ["email O'Neil.Anne-Marie or word O'Neil, word Anne-Marie"]],
    ['1 2', ['word 1', 'word 2']],
    ['phone:030 12', ['phone digits 030 12']],
    ['phone:12', ['phone digits 12']],
    ['phone:anna', ['word phone', 'word anna']],
    ['10115 Berlin', ['digits 10115', 'word Berlin']],
    ['city:10115', ['city word 10115']],
    ['anna@', ['email anna@']],
    ['*@firma.example', ['email <*>@firma.example']],
    ['anna.mueller', ['email anna.mueller or word anna, word mueller']],
    ['<anna@x.de>,', ['email anna@x.de']],
    ['anna\\.mueller', ['word anna', 'word mueller']],
    ['email:anna', ['email email anna']],
    ['email:a*', ['email email a<*>']],
    ['code:E-47*', ['code code E-47<*>']],
    ['code:4711 030', ['code code 4711', 'digits 030']],
    ['code:- email:" "', []],
    ['last:Müller', ['last word Müller']],
    ['LAST:Sm?th', ['last pattern Sm?th']],
    ['company:"Müller & Co"', ['company phrase Müller & Co']],
    ['notes:anna.m', ['notes word anna', 'notes word m']],
    ['contractNo:77', ['c.contractno word 77']],
    ['foo:bar', ['word foo', 'word bar']],
    ['city:', ['word city']],
    ['-anna', ['not word anna']],
    ['-last:Meier~', ['not last alike1 Meier']],
    ['-"Anna Müller"', ['not phrase Anna Müller']],
    ['-GmbH&Co', ['not phrase GmbH Co']],
    ['- anna', ['word anna']],
    ['--anna', ['not word anna']],
    ['\\-anna', ['word anna']],
    ['Sm\\?th \\*', ['word Sm', 'word th']],
    ['Meier\\~', ['word Meier']],
    ['last\\:Meier', ['word last', 'word Meier']],
    ['\\030', ['word 030']],
    ['a\\@b', ['word a', 'word b']],
    ['anna\\', ['word anna']],
  ])('%s', (query, clauses) => expect(read(query)).toEqual(clauses));

  test('keeps the places', () => {
    expect(parse('  anna -"b c" 030 12').map(({ at }) => at)).toEqual([2, 7, 14]);
  });

  test.each([
    ['anna "müller', 5],
    ['last:"x', 5],
    ['a'.repeat(513), 512],
    [Array.from({ length: 33 }, () => 'a').join(' '), 64],
  ])('is refused with the place: %s', (query, at) => {
    let error: unknown;
    try {
      parse(query);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(QueryError);
    expect(error).toMatchObject({ at });
  });
});

describe('any query', () => {
  const custom = ['c.contractno', 'c.a*b', 'c.größe'];
  const read = (query: string) => parseQuery(query, (name) => fieldNamed(name, custom));
  const parsed = (text: string) => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof QueryError) || !(error.at >= 0 && error.at < Math.max(text.length, 1))) throw error;
      return undefined;
    }
  };

  test('is read, or refused with a place in it', () => {
    const texts = fc.oneof(
      nastyText,
      fc.array(nastyText, { maxLength: 60 }).map((some) => some.join('')),
    );
    fc.assert(fc.property(texts, (text) => void parsed(text)));
  });
  test('has clauses that begin in it, one after the other', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const places = (parsed(text) ?? []).map(({ at }) => at);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(places.filter((at) => at >= text.length)).toEqual([]);
      }),
    );
  });
  test('says the same when it is written out again', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const clauses = parsed(text);
        if (clauses) expect(bare(read(printQuery(clauses)))).toEqual(bare(clauses));
      }),
      { examples: [['Ö 030 ~1  030 030 /'], ['phone:(a9'], ['phone:+a9'], ['phone:(a)a9'], ['( ) 030 (']] },
    );
  });
  test('means the same between spaces', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const clauses = parsed(text);
        // A backslash at the end would take the meaning from the space.
        if (clauses && !text.endsWith('\\')) expect(bare(read(`  ${text} `))).toEqual(bare(clauses));
      }),
    );
  });
  test('that is escaped has the words of the text, only these, and they fit the text', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const clauses = read(escapeText(text));
        expect(bare(clauses)).toEqual(joinedTokens(text).map((word) => ({ kind: 'word', text: word, not: false, field: null })));
        const words = wordsOf(text).flatMap(({ short, long }) => [short, ...long]);
        for (const clause of clauses)
          if (clause.kind === 'word') expect(words.map((word) => wordTest(clause)(word, false)?.how)).toContain('exact');
      }),
    );
  });
});
