import { apiControllers } from '../api-controllers.js';
import { routesIn } from '../http/controller.js';
import { type OpenApi, openApiOf } from './openapi.js';

let document: OpenApi | undefined;

/** The API as an OpenAPI 3.1 document; made once, because it never changes while the process runs. */
export function apiDocument(): OpenApi {
  document ??= openApiOf(routesIn(apiControllers));
  return document;
}
