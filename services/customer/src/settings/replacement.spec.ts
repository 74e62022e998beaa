import { describe, expect, it } from '@jest/globals';
import type { Settings } from '@kontor/contracts';
import { isKnown, type Replaceable, type Replacement, replaceIn, settingsAfter, settingsDuring } from './replacement.js';

const row: Replaceable = { type: 'warm', tags: ['a', 'b', 'c'], customFields: { s: 'red', m: ['red', 'blue'], t: 'x' } };
const settings = {
  types: ['cold', 'warm', 'hot'],
  customFields: [
    { key: 's', label: 'S', kind: 'select', for: 'contact', options: ['red', 'blue'] },
    { key: 't', label: 'T', kind: 'text', for: 'contact' },
    { key: 't', label: 'T of customers', kind: 'text', for: 'customer' },
  ],
} as unknown as Settings;
const option = (key: string, from: string, to: string | null): Replacement => ({ what: 'option', for: 'contact', key, from, to });
const field = (key: string, to: string | null): Replacement => ({ what: 'field', for: 'contact', key, to });

describe('a replacement', () => {
  it.each<[Replacement, Partial<Replaceable>]>([
    [{ what: 'type', from: 'warm', to: 'hot' }, { type: 'hot' }],
    [{ what: 'type', from: 'cold', to: 'hot' }, {}],
    [{ what: 'type', from: 'warm', to: null }, { type: null }],
    [{ what: 'tags', from: ['a', 'c'], to: 'b' }, { tags: ['b'] }],
    [{ what: 'tags', from: ['b'], to: 'z' }, { tags: ['a', 'z', 'c'] }],
    [option('s', 'red', 'blue'), { customFields: { ...row.customFields, s: 'blue' } }],
    [option('s', 'red', null), { customFields: { m: ['red', 'blue'], t: 'x' } }],
    [option('m', 'red', 'blue'), { customFields: { ...row.customFields, m: ['blue'] } }],
    [option('m', 'blue', null), { customFields: { ...row.customFields, m: ['red'] } }],
    [field('t', 'u'), { customFields: { s: 'red', m: ['red', 'blue'], u: 'x' } }],
    [field('t', 's'), { customFields: { s: 'red', m: ['red', 'blue'] } }],
    [field('t', null), { customFields: { s: 'red', m: ['red', 'blue'] } }],
  ])('%j of a contact gives %j', (replacement, expected) => {
    expect(replaceIn(row, replacement)).toEqual(expected);
  });

  it('is in the settings beside the old value until that is removed', () => {
    const type: Replacement = { what: 'type', from: 'warm', to: 'lukewarm' };
    const during = settingsDuring(settings, type);
    expect(during.types).toEqual(['cold', 'warm', 'lukewarm', 'hot']);
    expect([isKnown(settings, type), isKnown(during, type)]).toEqual([false, true]);
    expect(settingsAfter(during, type).types).toEqual(['cold', 'lukewarm', 'hot']);
    expect(settingsDuring(settings, { ...type, to: 'hot' }).types).toEqual(settings.types);

    const renamed = settingsAfter(settingsDuring(settings, field('t', 'u')), field('t', 'u'));
    expect(renamed.customFields.map((one) => `${one.for} ${one.key} ${one.label}`)).toEqual([
      'contact s S',
      'contact u T',
      'customer t T of customers',
    ]);

    const options = settingsAfter(settingsDuring(settings, option('s', 'red', 'rot')), option('s', 'red', 'rot'));
    expect(options.customFields[0]?.options).toEqual(['rot', 'blue']);
  });
});
