import { Handle } from '@kontor/bus';
import {
  changeRecord,
  createRecordComment,
  deleteRecordComment,
  getRecord,
  type InputOf,
  listRecordComments,
  listRecords,
  upsertRecords,
} from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { RecordService } from './record.service.js';
import { RecordComments } from './record-comments.js';
import { UpsertRecords } from './upsert-records.js';

@Controller()
export class RecordController {
  constructor(
    private readonly records: RecordService,
    private readonly upserting: UpsertRecords,
    private readonly comments: RecordComments,
  ) {}

  @Handle(upsertRecords) upsert({ items }: InputOf<typeof upsertRecords>) {
    return this.upserting.upsert(items);
  }
  @Handle(listRecords) list(input: InputOf<typeof listRecords>) {
    return this.records.list(input);
  }
  @Handle(getRecord) get({ id }: InputOf<typeof getRecord>) {
    return this.records.get(id);
  }
  @Handle(changeRecord) change(input: InputOf<typeof changeRecord>) {
    return this.records.change(input);
  }
  @Handle(createRecordComment) comment(input: InputOf<typeof createRecordComment>) {
    return this.comments.create(input);
  }
  @Handle(listRecordComments) listComments(input: InputOf<typeof listRecordComments>) {
    return this.comments.list(input);
  }
  @Handle(deleteRecordComment) deleteComment(input: InputOf<typeof deleteRecordComment>) {
    return this.comments.delete(input);
  }
}
