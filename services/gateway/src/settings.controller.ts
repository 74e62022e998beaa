import {
  changeSettings,
  getSettings,
  listAgents,
  listTags,
  listTeams,
  removeCustomField,
  removeFieldOption,
  removeType,
  renameCustomField,
  renameFieldOption,
  renameTags,
  renameType,
} from '@kontor/contracts';
import { controller } from './http/controller.js';
import { get, patch, post } from './http/route.js';

export const SettingsController = controller('settings', '/v1', [
  get('settings', getSettings),
  patch('settings', changeSettings),
  post('settings/types/rename', renameType),
  post('settings/types/remove', removeType),
  post('settings/custom-fields/rename', renameCustomField),
  post('settings/custom-fields/remove', removeCustomField),
  post('settings/custom-fields/options/rename', renameFieldOption),
  post('settings/custom-fields/options/remove', removeFieldOption),
  get('agents', listAgents),
  get('teams', listTeams),
  get('tags', listTags),
  post('tags/rename', renameTags),
]);
