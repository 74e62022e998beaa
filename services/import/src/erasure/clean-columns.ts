import type { EntityManager } from 'typeorm';
import type { ImportEntity } from '../import.entity.js';
import type { SurveyedColumn } from '../map/survey-file.js';
import type { Traces } from './traces.js';

/**
 * Takes out of the columns of imports what is of somebody, and says how many samples that were. Samples help to map columns, and nobody needs them
 * when that is over: where somebody stood in the file all of them go, elsewhere those that are the same as a value of it.
 */
export async function cleanColumns(
  tx: EntityManager,
  imports: readonly ImportEntity[],
  traces: Traces,
  stoodIn: (id: string) => boolean,
): Promise<number> {
  const cleaned = imports.flatMap(({ id, columns }) => {
    const clean = cleanedColumns(columns, traces, stoodIn(id));
    return JSON.stringify(clean) === JSON.stringify(columns)
      ? []
      : [{ id, columns: clean, samples: samplesIn(columns) - samplesIn(clean) }];
  });
  if (cleaned.length > 0)
    await tx.query(
      'update import set columns = clean.columns from jsonb_to_recordset($1) as clean (id uuid, columns jsonb) where import.id = clean.id',
      [JSON.stringify(cleaned)],
    );
  return cleaned.reduce((sum, { samples }) => sum + samples, 0);
}

function cleanedColumns(columns: readonly SurveyedColumn[], { inText, inRow, isValue }: Traces, stoodInIt: boolean): SurveyedColumn[] {
  const named = stoodInIt || columns.some(({ samples, field }) => samples.some((sample) => inRow([sample], [field])));
  const headerIsRow = columns.some(({ header }) => inText(header));
  return columns.map((column) => ({
    ...column,
    header: headerIsRow ? `Column ${column.index + 1}` : column.header,
    samples: named ? [] : column.samples.filter((sample) => !isValue(sample)),
  }));
}

const samplesIn = (columns: readonly SurveyedColumn[]) => columns.reduce((sum, { samples }) => sum + samples.length, 0);
