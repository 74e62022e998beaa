import { changeSettings, getSettings, listAgents, listTags, listTeams } from '@kontor/contracts';
import { controller, get, patch } from './http/route.js';

export const SettingsController = controller('settings', '/v1', [
  get('settings', getSettings),
  patch('settings', changeSettings),
  get('agents', listAgents),
  get('teams', listTeams),
  get('tags', listTags),
]);
