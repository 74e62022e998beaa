import { describe, expect, it } from '@jest/globals';
import { restoreDefused } from '@kontor/contracts';
import { fc } from '@kontor/testing/properties';
import { chunks, collect, toCsv } from '../../test/files.js';
import { readCsv } from './read-csv.js';
import { UnreadableFile } from './unreadable-file.js';

const read = async (content: string | Uint8Array, size?: number) => {
  const { header, delimiter, rows } = await readCsv(chunks(content, size));
  return { header, delimiter, rows: await collect(rows) };
};
const cellsOf = async (content: string | Uint8Array) => (await read(content)).rows.map((row) => row.cells);

async function refusal(content: string | Uint8Array): Promise<UnreadableFile> {
  const error = await read(content).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnreadableFile);
  return error as UnreadableFile;
}

describe('readCsv', () => {
  it('gives header, delimiter and rows with their number and line', async () => {
    expect(await read('First,Last\nAnna,Müller\n\nBert,Meier')).toEqual({
      header: ['First', 'Last'],
      delimiter: ',',
      rows: [
        { number: 1, line: 2, cells: ['Anna', 'Müller'] },
        { number: 2, line: 4, cells: ['Bert', 'Meier'] },
      ],
    });
  });

  it('counts lines within quotes, in files with either line ending', async () => {
    for (const newline of ['\n', '\r\n'])
      expect((await read(['a,b', '"1', '2",x', '', 'y,z', ''].join(newline))).rows).toEqual([
        { number: 1, line: 2, cells: [`1${newline}2`, 'x'] },
        { number: 2, line: 5, cells: ['y', 'z'] },
      ]);
  });

  it.each([
    ['line feeds', '\n'],
    ['carriage returns and line feeds', '\r\n'],
    ['carriage returns alone', '\r'],
  ])('reads lines that end with %s', async (_, newline) => {
    expect(await cellsOf(['a,b', '1,2', '3,4', ''].join(newline))).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
  });

  it('reads line endings of both kinds in one file', async () => {
    expect(await cellsOf('a,b\r\n1,2\n3,4\r\n')).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
  });

  it('drops a byte order mark, and spaces around headers and cells, quoted or not', async () => {
    expect(await read('\ufeff a , "b" \n 1 , " 2 "\n')).toMatchObject({ header: ['a', 'b'], rows: [{ cells: ['1', '2'] }] });
  });

  it.each([',', ';', '\t', '|'])('finds out the delimiter %j, also beside others in the values', async (delimiter) => {
    const table = [
      ['name', 'note, or; so', 'tags'],
      ['a', 'x;y;z', 'b,c'],
      ['d', 'e|f', ''],
    ];
    expect((await read(toCsv(table, delimiter))).delimiter).toBe(delimiter);
  });

  it('prefers the delimiter that header and rows have equally often', async () => {
    expect((await read('Name, Vorname;Mail\nMeyer;m@a.example\nKoch;k@a.example\n')).delimiter).toBe(';');
  });

  it('takes a file of one column', async () => {
    expect(await read('E-mail\nanna@firma.example\n')).toMatchObject({ header: ['E-mail'], rows: [{ cells: ['anna@firma.example'] }] });
  });

  it('keeps the cells of a row that has more than the header, but not empty ones', async () => {
    expect(await cellsOf('a,b\n1,2,3,4\n1,2,,\n1\n')).toEqual([['1', '2', '3', '4'], ['1', '2'], ['1']]);
  });

  it.each([
    ['sep=;\n', ';'],
    ['"sep=;"\r\n', ';'],
    ['SEP=;\r', ';'],
    ['\ufeffsep=;\n', ';'],
    ['sep=\t\n', '\t'],
    ['"Sep=\t"\n', '\t'],
    ['sep=\\t\n', '\t'],
    ['sep=^\n', '^'],
    ['sep=,;;;\n', ','],
    ['"sep=,";\n', ','],
    ['sep=\n', ';'],
  ])('takes the delimiter from %j, which is not a header', async (line, delimiter) => {
    const file = [`a: x${delimiter}b|y`, `1${delimiter}2`, `3${delimiter}4.5`].join(line.at(-1));
    expect(await read(line + file)).toMatchObject({
      delimiter,
      header: ['a: x', 'b|y'],
      rows: [
        { line: 3, cells: ['1', '2'] },
        { line: 4, cells: ['3', '4.5'] },
      ],
    });
  });

  it('takes the delimiter that somebody says', async () => {
    const { header, delimiter } = await readCsv(chunks('First Name,Last Name;E-mail\nA,B;c@d.example\n'), { delimiter: ';' });
    expect([header, delimiter]).toEqual([['First Name,Last Name', 'E-mail'], ';']);
  });

  it.each([
    ['Name, Vorname;E-Mail\nMeyer, Anna;anna@a.example\nVogt, Bernd;bernd@a.example', ';', [',']],
    ['Kontakt, Firma|E-Mail\nMeyer, A|a@a.example\nVogt, B|b@a.example', '|', []],
    ['Vorname,Nachname,Mail;privat\nA,B,a@a.example\nC,D,c@a.example', ',', []],
    ['Straße, Nr.\tName\tMail\nWeg, 1\tA B\ta@a.example', '\t', []],
  ])(
    'prefers the delimiter with which the header is recognised and addresses stand alone: %j',
    async (file, delimiter, otherDelimiters) => {
      expect(await readCsv(chunks(file))).toMatchObject({ delimiter, otherDelimiters });
    },
  );

  it.each([
    [
      'carriage returns, a line feed within quotes',
      'a,b\r1,"x\ny"\r2,z\r',
      [
        ['1', 'x\ny'],
        ['2', 'z'],
      ],
    ],
    [
      'carriage returns, a line feed at the end',
      'a,b\r1,2\r3,4\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['one of each', 'a,b\r1,2\n', [['1', '2']]],
    ['one of each, the other way round', 'a,b\n1,2\r', [['1', '2']]],
    [
      'carriage returns, and a line feed behind some',
      'a,b\r1,2\r\n"3",4\r5,6\r',
      [
        ['1', '2'],
        ['3', '4'],
        ['5', '6'],
      ],
    ],
    [
      'line feeds, a carriage return within a cell',
      'a,b\n1,x\ry\n2,z\n',
      [
        ['1', 'x\ry'],
        ['2', 'z'],
      ],
    ],
    [
      'line feeds, many carriage returns within quotes',
      'a,b\n1,"x\ry\rz\r\r\r"\n2,z\n',
      [
        ['1', 'x\ry\rz'],
        ['2', 'z'],
      ],
    ],
  ])('goes by the line ending that most lines have outside quotes: %s', async (_, file, rows) => {
    expect(await cellsOf(file)).toEqual(rows);
  });

  it('takes a quote within a cell that does not begin with one as a character', async () => {
    expect(await cellsOf('a,b\nAnn "Nan",Lee\n5" pipe, 7 "\nx"",y"z"\n')).toEqual([
      ['Ann "Nan"', 'Lee'],
      ['5" pipe', '7 "'],
      ['x""', 'y"z"'],
    ]);
  });

  it.each([
    ['is never closed', 'a,b\n1,2\n3,"4\n5,6\n7,8', 3, ['3', '"4'], 'never closed', ['1,2', '5,6', '7,8']],
    ['is never closed, in the last row', 'a,b\n1,2\n3,"4', 3, ['3', '"4'], 'never closed', ['1,2']],
    ['seems closed by one that opens another cell', 'a,b\n1,2\n3,"4\n5,"6"\n7,8\n', 3, ['3', '"4'], 'never closed', ['1,2', '5,6', '7,8']],
    ['is closed within the cell', 'a,b\n"x" y,2\n3,4\n', 2, ['"x" y', '2'], 'closing quote', ['3,4']],
    ['is closed within the cell on a later line', 'a,b\n"x\nw" y,2\n3,4\n', 2, ['"x\nw" y', '2'], 'closing quote', ['3,4']],
  ])('gives a row whose quote %s as it stands there with the reason, and all others', async (_, file, line, cells, why, others) => {
    const { rows } = await read(file);
    const [broken] = rows.filter((row) => row.broken);
    expect(broken).toMatchObject({ line, cells, broken: expect.stringContaining(why) });
    expect(rows.filter((row) => !row.broken).map((row) => row.cells.join())).toEqual(others);
  });

  it('gives all rows but one when a quote is opened in a large file and never closed', async () => {
    const { rows } = await read(`a,b\n1,"2\n${'3,4\n'.repeat(400_000)}`);
    expect([rows.length, rows[0]?.broken, rows[1]?.broken, rows.at(-1)]).toEqual([
      400_001,
      expect.any(String),
      undefined,
      { number: 400_001, line: 400_002, cells: ['3', '4'] },
    ]);
  }, 20_000);

  it('gives a row that is the header again with that reason', async () => {
    const { rows } = await read('First Name,E-mail\nAda,a@a.example\nFirst Name,E-mail,\nFirst Name,x@a.example\n');
    expect(rows.map(({ broken }) => broken)).toEqual([undefined, expect.stringContaining('the header again'), undefined]);
  });

  it('finds the names in a header with odd quotes', async () => {
    expect((await read('First "Name,"Last Name\nA,B\n')).header).toEqual(['First Name', 'Last Name']);
  });

  it('skips rows in which nothing can be seen, also before the header, and the mark at the end of old files', async () => {
    const file = ',,\n;;\n"",\u200b,\na,b,c\n,,\n1,\u2060,\u2800\n\u202e,\u00a0 ,\n2,3,4\u001a';
    expect(await read(file)).toMatchObject({ header: ['a', 'b', 'c'], rows: [{ cells: ['1', '', ''] }, { cells: ['2', '3', '4'] }] });
    expect(await cellsOf('a,b\n1,2\n\u001a')).toEqual([['1', '2']]);
    expect(await cellsOf('a,b\n1,2\u001a\r\n')).toEqual([['1', '2']]);
  });

  it('allows headers that are empty or the same', async () => {
    expect((await read('a,,a\n1,2,3\n')).header).toEqual(['a', '', 'a']);
  });

  it('reads back without apostrophe what Kontor defused', async () => {
    expect(await cellsOf("a,b\n'+49 30 1,'quoted'\n")).toEqual([['+49 30 1', "'quoted'"]]);
  });

  it('reads any table that was written as CSV, however it is cut into chunks', async () => {
    const cell = fc
      .string({ unit: fc.constantFrom('a', 'é', '漢', '😀', '"', ',', ';', '\t', '|', '\n', '\r\n', ' ', "'", '=') })
      .map((text) => text.trim())
      .filter((text) => restoreDefused(text) === text);
    const table = fc
      .integer({ min: 2, max: 5 })
      .chain((columns) => fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 2, maxLength: 8 }));
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 50 }),
        async (rows, delimiter, newline, size) => {
          const header = rows[0]!.map((_, i) => `column ${i}`);
          const found = await read(toCsv([header, ...rows], delimiter, newline), size);
          expect(found.delimiter).toBe(delimiter);
          expect(found.rows.map((row) => row.cells)).toEqual(rows.filter((cells) => cells.some((one) => /[^\s,;|]/.test(one))));
        },
      ),
    );
  });

  it('stops reading the source when its reader stops', async () => {
    let given = 0;
    async function* endless() {
      yield Buffer.from('a,b\n');
      for (;;) {
        given++;
        yield Buffer.from('1,2\n'.repeat(10_000));
      }
    }
    const { rows } = await readCsv(endless());
    for await (const some of rows) if (some.length) break;
    expect(given).toBeLessThan(10);
  });
});

describe('readCsv refuses', () => {
  it.each([
    ['an empty file', ''],
    ['a file of blank lines', '\n\r\n  \n'],
    ['a byte order mark alone', '\ufeff'],
    ['a file of delimiters', ',,\n;;\n\t\n'],
    ['a file that only says its delimiter', 'sep=;\n'],
  ])('%s', async (_, content) => {
    expect(await refusal(content)).toMatchObject({ reason: 'empty' });
  });

  it('a line of 30 MB after about 1 MB of it', async () => {
    let given = 0;
    async function* long() {
      yield Buffer.from('a,b\n1,2\n');
      for (; given < 30; given++) yield Buffer.alloc(1024 * 1024, 'x');
    }
    const error = await readCsv(long())
      .then(({ rows }) => collect(rows))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: 'record-too-long', line: 3 });
    expect(given).toBeLessThan(4);
  });

  it('a line of 30 MB of delimiters, and one within quotes', async () => {
    expect(await refusal(`a,b\n${','.repeat(30 * 1024 * 1024)}\n`)).toMatchObject({ reason: 'record-too-long', line: 2 });
    expect(await refusal(`a,b\n"${'x'.repeat(30 * 1024 * 1024)}"\n`)).toMatchObject({ reason: 'record-too-long', line: 2 });
  }, 20_000);

  it('a cell of more than 32 KB', async () => {
    expect(await refusal(`a,b\n1,${'x'.repeat(32 * 1024 + 1)}\n`)).toMatchObject({ reason: 'cell-too-long', line: 2, column: 2 });
    expect(await cellsOf(`a,b\n1,${'x'.repeat(32 * 1024)}\n`)).toHaveLength(1);
  });

  it('more than 512 columns, in the header or in a row', async () => {
    const columns = (n: number) => Array.from({ length: n }, (_, i) => `c${i}`).join(',');
    expect(await refusal(`${columns(2000)}\n1,2\n`)).toMatchObject({ reason: 'too-many-columns', line: 1 });
    expect(await refusal(`a,b\n1,2\n${columns(513)}\n`)).toMatchObject({ reason: 'too-many-columns', line: 3 });
    expect((await read(`${columns(512)}\n1\n`)).header).toHaveLength(512);
  });

  it('NUL bytes', async () => {
    expect(await refusal('a,b\n1,2\n3,x\0y\n')).toMatchObject({ reason: 'nul', line: 3 });
  });

  it.each([
    ['a PNG image', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]],
    ['a PDF document', [...Buffer.from('%PDF-1.7\n')]],
    ['a ZIP archive', [0x50, 0x4b, 3, 4, 20, 0]],
    ['an Excel workbook (.xlsx)', [0x50, 0x4b, 3, 4, 20, 0, ...Buffer.from('[Content_Types].xml')]],
    ['an Excel workbook (.xls)', [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]],
  ])('%s', async (what, bytes) => {
    const error = await refusal(Uint8Array.from(bytes));
    expect(error.reason).toBe('not-text');
    expect(error.message).toContain(what);
  });
});

describe('readCsv says which encoding a file seems to be in', () => {
  const windows1252 = (text: string) => Buffer.from(text, 'latin1');
  const utf16 = (text: string) => Buffer.from(text, 'utf16le');
  // "name,city" and then 王伟,北京 and 李娜,上海 in GB18030.
  const gb18030 = Buffer.concat([
    Buffer.from('name,city\n'),
    Buffer.from([0xcd, 0xf5, 0xce, 0xb0, 0x2c, 0xb1, 0xb1, 0xbe, 0xa9, 0x0a]),
    Buffer.from([0xc0, 0xee, 0xc4, 0xc8, 0x2c, 0xc9, 0xcf, 0xba, 0xa3, 0x0a]),
  ]);

  it.each([
    ['Windows-1252', windows1252('name,city\nAnna,Berlin\nJürgen,Köln\nGröße,Zürich\n'), 3],
    ['GB18030', gb18030, 2],
    ['UTF-16 LE', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16('name,city\nAnna,Köln\n')]), 1],
    ['UTF-16 LE', utf16('name,city\nAnna,Köln\n'), 1],
    ['UTF-16 BE', Buffer.concat([Buffer.from([0xfe, 0xff]), utf16('name,city\nAnna,Köln\n').swap16()]), 1],
    ['UTF-16 BE', utf16('name,city\nAnna,Köln\n').swap16(), 1],
  ])('%s', async (encoding, bytes, line) => {
    const error = await refusal(bytes);
    expect(error).toMatchObject({ reason: 'encoding', line });
    expect(error.message).toContain(`it seems to be ${encoding}`);
  });

  it('with the byte, also where the wrong one is far into the file or its last', async () => {
    const start = `name,city\n${'Jürgen,Köln\n'.repeat(20_000)}`;
    const bad = Buffer.concat([Buffer.from(start), windows1252('Größe,x\n')]);
    const error = await refusal(bad);
    expect(error.line).toBe(20_002);
    expect(error.message).toContain(`byte ${Buffer.byteLength(start) + 3}`);
    expect(await refusal(windows1252('name,city\nx,Köln ß'))).toMatchObject({ reason: 'encoding', line: 2 });
    expect(await refusal(windows1252('name,city\nx,Hü'))).toMatchObject({ reason: 'encoding', line: 2 });
  });
});
