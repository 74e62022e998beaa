import { expect, test } from '@jest/globals';
import { Mode } from './mode.js';

test('a mode takes the legal transitions only, and stays where it was after an illegal one', () => {
  const mode = new Mode<'idle' | 'running' | 'ended'>('Job', 'idle', { idle: ['running'], running: ['ended'], ended: [] });
  expect(() => mode.set('ended')).toThrow('Job: illegal transition from idle to ended');
  expect(mode.is('idle')).toBe(true);
  mode.set('running');
  expect(mode.is('idle', 'running')).toBe(true);
  expect(() => mode.set('running')).toThrow('from running to running');
  mode.set('ended');
  expect(() => mode.set('idle')).toThrow('from ended to idle');
});
