import { getJob, listJobItems } from '@kontor/contracts';
import { controller } from './http/controller.js';
import { get } from './http/route.js';

export const JobsController = controller('jobs', '/v1/jobs', [get(':id', getJob), get(':id/items', listJobItems)]);
