import { AppError, type Bus, grantees } from '@kontor/bus';
import { getRecord, type InputOf, listHiddenOpportunities, type search } from '@kontor/contracts';
import { and, type Filter, is, isAbsent, isIn, isWithin, not, or } from '../indexes/filter.js';

export type Query = InputOf<typeof search>;

const OPEN = and(isAbsent('readers'), isAbsent('customerReaders'));

/** What the caller may not see is in no hit, total, facet or suggestion (docs/rules.md 2.10): the one place that knows it. */
export function visibleTo(tenant: string): Filter[] {
  const mine = grantees();
  const lists = mine ? (['readers', 'customerReaders'] as const) : [];
  return [is('tenant', tenant), ...lists.map((list) => or(isAbsent(list), isIn(list, mine!)))];
}

/** The parameters of a search as filters, with what the caller may see. */
export async function filtersOf(tenant: string, query: Query, bus: Bus): Promise<Filter[]> {
  const { kind, type, tag, customerId, projectId, ownerId, hasOpportunities, access } = query;
  return [
    ...visibleTo(tenant),
    ...(kind ? [is('kind', kind)] : []),
    ...(type !== undefined ? [is('type', type)] : []),
    ...(tag ?? []).map((one) => is('tags', one)),
    ...(customerId ? [is('customerId', customerId)] : []),
    ...(projectId ? [(await maySeeProject(projectId, bus)) && is('projectIds', projectId)] : []),
    ...(ownerId ? [is('ownerId', ownerId)] : []),
    ...(hasOpportunities === undefined ? [] : [await withOpportunities(hasOpportunities, bus)]),
    ...(access ? [access === 'open' ? OPEN : not(OPEN)] : []),
    isWithin('createdAt', moment(query.createdFrom), moment(query.createdTo)),
    isWithin('updatedAt', moment(query.updatedFrom), moment(query.updatedTo)),
  ].filter((filter) => filter !== true);
}

const moment = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));

/** The index knows only that an entry has some; that all of them belong to somebody hidden, too, and so are none for the caller, is asked. */
async function withOpportunities(wanted: boolean, bus: Bus): Promise<Filter> {
  const hidden = grantees() ? (await bus.request(listHiddenOpportunities, {})).ids : [];
  const having = and(is('hasOpportunities', 'true'), not(isIn('id', hidden)));
  return wanted ? having : not(having);
}

/** Who is a member of a project says something about it. */
async function maySeeProject(id: string, bus: Bus): Promise<boolean> {
  if (!grantees()) return true;
  try {
    await bus.request(getRecord, { id });
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-found') return false;
    throw error;
  }
}
