import { Controller, Get } from '@nestjs/common';
import { apiDocument } from './api-document.js';

@Controller()
export class DocsController {
  @Get()
  start() {
    return { name: 'Kontor', docs: '/docs', openapi: '/openapi.json' };
  }

  @Get('openapi.json')
  document() {
    return apiDocument();
  }
}
