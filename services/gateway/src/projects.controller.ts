import { addProjectMember, listProjectMembers, removeProjectMember } from '@kontor/contracts';
import { controller } from './http/controller.js';
import { get, put, remove } from './http/route.js';

export const ProjectsController = controller('projects', '/v1/projects', [
  get(':id/members', listProjectMembers),
  put(':id/members/:contactId', addProjectMember, { status: 204 }),
  remove(':id/members/:contactId', removeProjectMember),
]);
