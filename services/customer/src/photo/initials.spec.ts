import { describe, expect, it } from '@jest/globals';
import { defaultPicture } from './default-picture.js';
import { initialsOf } from './initials.js';

describe('initials', () => {
  it.each([
    [['Anna', 'Müller'], 'AM'],
    [['anna maria', 'von der Heide'], 'AV'],
    [['Beispiel GmbH & Co. KG'], 'BG'],
    [['"Zur Post"'], 'ZP'],
    [['王', '小明'], '王小'],
    [['王小明'], '王'],
    [['北京科技有限公司'], '北'],
    [['𠮷野家'], '𠮷'],
    [['ßigmund', 'ﬁscher'], 'SF'],
    [['Élodie', 'Ångström'], 'ÉÅ'],
    [['E\u0301lodie'], 'É'],
    [['ольга', 'иванова'], 'ОИ'],
    [['क्षितिज'], 'क्षि'],
    [['anna@post.example'], 'A'],
    [['+49 30 1234'], '43'],
    [['<script>', '&amp;'], 'SA'],
    [['👩‍👩‍👧', '…'], ''],
    [[''], ''],
    [[], ''],
  ])('of %j are %s', (names, initials) => expect(initialsOf(names)).toBe(initials));

  it('stay short with any number of combining marks', () => expect([...initialsOf([`q${'\u0301'.repeat(90)}`])].length).toBeLessThan(5));
});

describe('the default picture', () => {
  const id = '018f0000-0000-7000-8000-00000000002a';
  const svg = (names: string[]) => defaultPicture({ id, names }).image.toString();

  it('2.9 shows the initials, Chinese ones too', () => {
    expect(svg(['Anna', 'Müller'])).toContain('>AM</text>');
    expect(svg(['王', '小明'])).toContain('>王小</text>');
  });
  it('shows a question mark without a name', () => expect(svg([''])).toContain('>?</text>'));
  it('contains nothing that a browser would run or fetch, whatever the name', () => {
    const made = svg(['<script>alert(1)</script>', '"&\'><image href="https://evil.example"/>']);
    expect(made).not.toMatch(/script|href|evil|&(?!amp;|lt;|gt;|quot;)/);
    expect(made.match(/<(?!\/)/g)).toHaveLength(3);
  });
  it('is the same as long as the initials are', () => {
    expect(defaultPicture({ id, names: ['Anna', 'Meier'] }).etag).toBe(defaultPicture({ id, names: ['Alma', 'Maus'] }).etag);
    expect(defaultPicture({ id, names: ['Anna', 'Meier'] }).etag).not.toBe(defaultPicture({ id, names: ['Anna', 'Lau'] }).etag);
  });
});
