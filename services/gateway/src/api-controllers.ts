import { BinController, ErasuresController } from './bin.controller.js';
import { ContactsController } from './contacts.controller.js';
import { CustomersController } from './customers.controller.js';
import { DuplicatesController } from './duplicates.controller.js';
import { ImportsController } from './imports/imports.controller.js';
import { JobsController } from './jobs.controller.js';
import { MeController } from './me.controller.js';
import { MergesController } from './merges.controller.js';
import { ProjectsController } from './projects.controller.js';
import { RecordsController } from './records.controller.js';
import { RequestsController } from './requests.controller.js';
import { SearchAdminController, SearchController } from './search.controller.js';
import { SettingsController } from './settings.controller.js';

/** Everything under /v1, in the order of the documentation. */
export const apiControllers = [
  CustomersController,
  ContactsController,
  RequestsController,
  DuplicatesController,
  RecordsController,
  ProjectsController,
  MergesController,
  SearchController,
  SearchAdminController,
  ImportsController,
  BinController,
  ErasuresController,
  JobsController,
  SettingsController,
  MeController,
];
