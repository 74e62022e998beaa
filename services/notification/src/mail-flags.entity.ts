import type { MailFlags, Topic } from '@kontor/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which mail a contact gets, and what is known here of the contact itself. The database adds the tenant. */
@Entity('mail_flags')
export class MailFlagsEntity {
  @PrimaryColumn('uuid', { name: 'contact_id' })
  contactId: string;

  /** The newest version of the contact that an event told of, 0 when none came yet; an older event changes nothing. */
  @Column('integer', { name: 'contact_version' })
  contactVersion: number;

  /** `hidden` waits in the bin. `gone` is for ever: it holds no flags, only that a late event must not bring the contact back. */
  @Column('text')
  state: 'shown' | 'hidden' | 'gone';

  @Column('jsonb', { nullable: true })
  flags: MailFlags | null;

  /** The topics that somebody has decided about for this contact. */
  @Column('text', { array: true, default: [] })
  decided: Topic[];

  /** The contact that this one is merged into; what was decided for this one holds for that one, unless that was decided for itself. */
  @Column('uuid', { name: 'merged_into', nullable: true })
  mergedInto: string | null;
}
