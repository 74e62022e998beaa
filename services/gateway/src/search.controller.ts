import { search } from '@kontor/contracts';
import { controller, get } from './http/route.js';

export const SearchController = controller('search', '/v1/search', [get('', search)]);
