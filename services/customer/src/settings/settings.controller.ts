import { Handle } from '@kontor/bus';
import {
  changeSettings,
  getSettings,
  type InputOf,
  removeCustomField,
  removeFieldOption,
  removeType,
  renameCustomField,
  renameFieldOption,
  renameType,
} from '@kontor/contracts';
import { Controller, Inject } from '@nestjs/common';
import { ReplaceService } from '../replace/replace.service.js';
import { removedField, removedOption, removedType, renamedField, renamedOption, renamedType } from '../replace/wishes.js';
import { SettingsService } from './settings.service.js';

@Controller()
export class SettingsController {
  constructor(
    @Inject(SettingsService) private readonly settings: SettingsService,
    @Inject(ReplaceService) private readonly replacing: ReplaceService,
  ) {}

  @Handle(getSettings) get() {
    return this.settings.get();
  }
  @Handle(changeSettings) change(input: InputOf<typeof changeSettings>) {
    return this.settings.change(input);
  }
  @Handle(renameType) renameType(input: InputOf<typeof renameType>) {
    return this.replacing.replace(input, (settings) => renamedType(settings, input));
  }
  @Handle(removeType) removeType(input: InputOf<typeof removeType>) {
    return this.replacing.replace(input, (settings) => removedType(settings, input));
  }
  @Handle(renameCustomField) renameField(input: InputOf<typeof renameCustomField>) {
    return this.replacing.replace(input, (settings) => renamedField(settings, input));
  }
  @Handle(removeCustomField) removeField(input: InputOf<typeof removeCustomField>) {
    return this.replacing.replace(input, (settings) => removedField(settings, input));
  }
  @Handle(renameFieldOption) renameOption(input: InputOf<typeof renameFieldOption>) {
    return this.replacing.replace(input, (settings) => renamedOption(settings, input));
  }
  @Handle(removeFieldOption) removeOption(input: InputOf<typeof removeFieldOption>) {
    return this.replacing.replace(input, (settings) => removedOption(settings, input));
  }
}
