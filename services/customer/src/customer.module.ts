import { DatabaseModule } from '@kontor/database';
import { type DynamicModule, Module } from '@nestjs/common';
import { AgentController } from './agent/agent.controller.js';
import { AgentService } from './agent/agent.service.js';
import { BinController } from './bin/bin.controller.js';
import { BinService } from './bin/bin.service.js';
import { DeleteService } from './bin/delete.service.js';
import { Purge } from './bin/purge.js';
import { BulkEditController } from './bulk-edit/bulk-edit.controller.js';
import { BulkEditService } from './bulk-edit/bulk-edit.service.js';
import { ChangeContacts } from './bulk-edit/change-contacts.js';
import { ChangeCustomers } from './bulk-edit/change-customers.js';
import { ContactController } from './contact/contact.controller.js';
import { ContactService } from './contact/contact.service.js';
import { ImportContacts } from './contact/import-contacts.js';
import { ContactLists } from './contact/list-contacts.js';
import { UpsertContacts } from './contact/upsert-contacts.js';
import { CustomerController } from './customer/customer.controller.js';
import { CustomerService } from './customer/customer.service.js';
import { CustomerLists } from './customer/customer-lists.js';
import { DuplicateController } from './duplicate/duplicate.controller.js';
import { DuplicateListener } from './duplicate/duplicate.listener.js';
import { DuplicateService } from './duplicate/duplicate.service.js';
import { DuplicateDetector } from './duplicate/duplicate-detector.js';
import { ENV, type Env } from './env.js';
import { ErasureController } from './erasure/erasure.controller.js';
import { ErasureService } from './erasure/erasure.service.js';
import { SubjectAccessExport } from './erasure/subject-access-export.js';
import { ExportController } from './export/export.controller.js';
import { Exports } from './export/export.service.js';
import { HistoryController } from './history/history.controller.js';
import { JobController } from './job/job.controller.js';
import { Jobs } from './job/job.service.js';
import { LookupController } from './lookup/lookup.controller.js';
import { MergeController } from './merge/merge.controller.js';
import { MergeService } from './merge/merge.service.js';
import { MergeLists } from './merge/merge-lists.js';
import { UndoMerge } from './merge/undo-merge.js';
import { PhotoController } from './photo/photo.controller.js';
import { PhotoService } from './photo/photo.service.js';
import { ProjectController } from './project/project.controller.js';
import { ProjectService } from './project/project.service.js';
import { RecordController } from './record/record.controller.js';
import { RecordService } from './record/record.service.js';
import { RecordComments } from './record/record-comments.js';
import { UpsertRecords } from './record/upsert-records.js';
import { RequestController } from './request/request.controller.js';
import { RequestService } from './request/request.service.js';
import { SaveCaller } from './request/save-caller.js';
import { SettingsController } from './settings/settings.controller.js';
import { SettingsService } from './settings/settings.service.js';
import { TagController } from './tag/tag.controller.js';
import { TagList } from './tag/tag-list.js';
import { ReplaceService } from './vocabulary/replace.service.js';
import { VocabularyController } from './vocabulary/vocabulary.controller.js';

@Module({})
export class CustomerModule {
  static with(env: Env): DynamicModule {
    return {
      module: CustomerModule,
      imports: [DatabaseModule.with({ name: 'customer', url: env.KONTOR_DATABASE_URL, poolSize: env.KONTOR_DATABASE_POOL })],
      controllers: [
        AgentController,
        BinController,
        BulkEditController,
        ContactController,
        CustomerController,
        DuplicateController,
        DuplicateListener,
        ErasureController,
        ExportController,
        HistoryController,
        JobController,
        LookupController,
        PhotoController,
        ProjectController,
        RecordController,
        RequestController,
        MergeController,
        SettingsController,
        TagController,
        VocabularyController,
      ],
      providers: [
        { provide: ENV, useValue: env },
        AgentService,
        BinService,
        DeleteService,
        Purge,
        ContactService,
        ImportContacts,
        ContactLists,
        UpsertContacts,
        CustomerService,
        CustomerLists,
        DuplicateService,
        DuplicateDetector,
        ErasureService,
        SubjectAccessExport,
        Exports,
        Jobs,
        ChangeContacts,
        ChangeCustomers,
        BulkEditService,
        PhotoService,
        ProjectService,
        RecordService,
        RecordComments,
        UpsertRecords,
        ReplaceService,
        RequestService,
        SaveCaller,
        MergeService,
        MergeLists,
        UndoMerge,
        SettingsService,
        TagList,
      ],
    };
  }
}
