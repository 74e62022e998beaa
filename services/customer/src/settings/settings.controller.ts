import { Handle } from '@kontor/bus';
import { changeSettings, getSettings, type InputOf } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { SettingsService } from './settings.service.js';

@Controller()
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Handle(getSettings) get() {
    return this.settings.get();
  }
  @Handle(changeSettings) change(input: InputOf<typeof changeSettings>) {
    return this.settings.change(input);
  }
}
