import { Handle } from '@kontor/bus';
import {
  type InputOf,
  removeCustomField,
  removeFieldOption,
  removeType,
  renameCustomField,
  renameFieldOption,
  renameTags,
  renameType,
} from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { ReplaceService } from './replace.service.js';
import { removedField, removedOption, removedType, renamedField, renamedOption, renamedTags, renamedType } from './replace-request.js';

/** Renames and removes types, tags, custom fields and their options wherever they are used. */
@Controller()
export class VocabularyController {
  constructor(private readonly replacing: ReplaceService) {}

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
  @Handle(renameTags) renameTags(input: InputOf<typeof renameTags>) {
    return this.replacing.replace(input, () => renamedTags(input));
  }
}
